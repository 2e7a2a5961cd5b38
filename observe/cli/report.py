"""`observe report`: the weekly tuning report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.console import Console
from observe.cli.grafana_connection import grafana_connection
from observe.cli.options import (
    PLACE,
    SectionCommand,
    advice_options,
    collecting_options,
    connection_options,
    explain_queries_option,
    fail_on_option,
    output_option,
    result_option,
    source_options,
)

if TYPE_CHECKING:
    from observe.grafana.provision.server import GrafanaServer
    from observe.recommend.model import Advice


@click.command("report", cls=SectionCommand, short_help="Write the weekly tuning report.")
@source_options
@advice_options
@output_option("observe-report")
@result_option(
    "--since",
    type=PLACE,
    metavar="PATH",
    show_default="what the folder held, of an earlier window",
    help="Earlier report to compare with: its folder or recommendations.json.",
)
@fail_on_option
@collecting_options
@explain_queries_option
@connection_options
@grafana_connection("Mark the report on the dashboards of this Grafana.")
@click.pass_context
def report_command(
    ctx: click.Context,
    /,
    output: Path,
    current: tuple[Path, ...],
    policy: Path | None,
    since: Path | None,
    fail_on: str | None,
    explain_queries: bool,
    **options: Any,
) -> None:
    """Write the weekly tuning report.

    The folder gets report.html, report.md, recommendations.json, recommendations.prom and the
    snapshot that they were made from. With --snapshot nothing is asked of a Prometheus.
    """
    from observe.cli.earlier import earlier_advice, worth_comparing
    from observe.cli.summary import print_summary
    from observe.cli.wiring import (
        finish,
        hint_when_empty,
        read_policy,
        read_settings,
        snapshot_from,
    )
    from observe.recommend.engine import recommend
    from observe.report.build import build_report
    from observe.report.write import check_folder, write_report

    console = ctx.find_object(Console) or Console()
    if explain_queries:
        from observe.cli.plan import print_plan

        ctx.exit(print_plan(options, console))
    knobs, settings = read_policy(policy), read_settings(current)
    grafana = _grafana(options)
    check_folder(output)
    earlier = earlier_advice(since, output, console)
    snapshot = snapshot_from(options, console)
    with console.progress("Writing the report", counted=False):
        advice = recommend(snapshot, knobs, settings)
        earlier = worth_comparing(earlier, advice, named=since is not None)
        write_report(build_report(advice, snapshot, earlier), output, snapshot)
    print_summary(advice, output)
    hint_when_empty(advice, console)
    if grafana is not None:
        _mark(grafana, advice, console)
    ctx.exit(finish(advice, fail_on, console))


def _grafana(options: dict[str, Any]) -> GrafanaServer | None:
    """The Grafana that is told of the report; its options are looked at before the work."""
    from observe.cli.grafana_connection import grafana_settings
    from observe.grafana.provision.server import GrafanaServer

    return GrafanaServer(grafana_settings(options)) if options["grafana_url"] else None


def _mark(server: GrafanaServer, advice: Advice, console: Console) -> None:
    from observe.grafana.annotate import annotate_report

    made = annotate_report(server, advice)
    said = "marked on the dashboards of" if made else "was marked before on the dashboards of"
    console.say(f"The report {said} {server.host}")
