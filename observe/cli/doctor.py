"""`observe doctor`: is the telemetry fit for tuning?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    SectionCommand,
    connection_options,
    prometheus_option,
    result_option,
    window_options,
)

if TYPE_CHECKING:
    from observe.doctor.model import Diagnosis
    from observe.telemetry.settings import ConnectionSettings


@click.command("doctor", cls=SectionCommand, short_help="Say whether telemetry is fit for tuning.")
@prometheus_option
@click.option(
    "--edge",
    "edges",
    multiple=True,
    metavar="URL",
    help="An edge tier, to be compared with the first --prometheus. Repeatable.",
)
@window_options
@result_option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    help="What to print.",
)
@result_option(
    "--fail-on",
    type=click.Choice(("warn", "fail")),
    metavar="STATUS",
    help="Exit with 1 when a check is at least warn or fail.",
)
@connection_options
@click.pass_context
def doctor_command(
    ctx: click.Context,
    /,
    form: str,
    fail_on: str | None,
    edges: tuple[str, ...],
    **options: Any,
) -> None:
    """Look at what a Prometheus holds, and say what is missing for tuning and how to add it.

    Only cheap queries are sent. What the credentials may not see is named, and the rest is judged.
    """
    from observe.cli.wiring import addresses, connection_settings
    from observe.doctor.model import Doctor
    from observe.doctor.render import render
    from observe.errors import EXIT_DONE, EXIT_FINDINGS, EXIT_SOURCE

    console = ctx.find_object(Console) or Console()
    settings = [connection_settings(options, address.url) for address in addresses(options)]
    behind = [connection_settings(options, url) for url in edges]
    end: datetime = options["end"] or datetime.now(UTC)
    with console.progress("Examining", counted=False):
        found = [
            _diagnosis(each, end, options, behind if number == 0 else ())
            for number, each in enumerate(settings)
        ]
    if form == "json":
        stdout.write_line(Doctor(servers=tuple(found)).model_dump_json(by_alias=True, indent=2))
    else:
        for diagnosis in found:
            stdout.show(render(diagnosis), stdout.table_width())
    for diagnosis in found:
        if not diagnosis.reachable:
            console.error(diagnosis.checks[0].found, diagnosis.checks[0].fix)
    if not all(diagnosis.reachable for diagnosis in found):
        ctx.exit(EXIT_SOURCE)
    ctx.exit(EXIT_FINDINGS if fail_on is not None and _failed(found, fail_on) else EXIT_DONE)


def _failed(found: Sequence[Diagnosis], fail_on: str) -> bool:
    """Whether a check of any server is as bad as that, or worse."""
    from observe.doctor.model import STATUSES

    worst = max(STATUSES.index(diagnosis.worst) for diagnosis in found)
    return worst >= STATUSES.index("WARN" if fail_on == "warn" else "FAIL")


def _diagnosis(
    settings: ConnectionSettings,
    end: datetime,
    options: dict[str, Any],
    edges: Sequence[ConnectionSettings],
) -> Diagnosis:
    """One server, whether it answers or not."""
    from observe.doctor.checks import diagnose, unreachable
    from observe.doctor.examine import Examination
    from observe.errors import SourceError
    from observe.telemetry.client import PrometheusClient

    with ExitStack() as stack:
        client = stack.enter_context(PrometheusClient(settings))
        behind = [stack.enter_context(PrometheusClient(edge)) for edge in edges]
        try:
            return diagnose(Examination(client, end, options["window"], behind).facts())
        except SourceError as error:
            return unreachable(settings.url, error.message, error.hint)
