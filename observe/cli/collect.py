"""`observe collect`: a snapshot from any Prometheus API."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    SectionCommand,
    collecting_options,
    connection_options,
    explain_queries_option,
    output_option,
    prometheus_option,
    window_options,
)

if TYPE_CHECKING:
    from observe.telemetry.snapshot import Snapshot


@click.command("collect", cls=SectionCommand, short_help="Store the telemetry of a window.")
@prometheus_option
@window_options
@output_option("observe-snapshot")
@collecting_options
@explain_queries_option
@connection_options
@click.pass_context
def collect_command(
    ctx: click.Context, /, output: Path, explain_queries: bool, **options: Any
) -> None:
    """Read the telemetry of a window and store it as a snapshot.

    The snapshot is a folder of Parquet files with a manifest. With --snapshot the other commands
    work from it, without a Prometheus.
    """
    from observe.cli.wiring import name_missing, pull
    from observe.errors import EXIT_DONE, EXIT_SOURCE
    from observe.telemetry.snapshot import check_target, save

    console = ctx.find_object(Console) or Console()
    if explain_queries:
        from observe.cli.plan import print_plan

        ctx.exit(print_plan(options, console))
    check_target(output)
    begun = time.monotonic()
    snapshot = pull(options, console)
    seconds = time.monotonic() - begun
    save(snapshot, output)
    manifest = snapshot.manifest
    console.say(
        f"{len(snapshot.edges):,} edges, {_requests(snapshot)}, coverage "
        f"{manifest.source.coverage:.1%}, {manifest.cost.queries} queries, {seconds:.1f} s"
    )
    stdout.write_line(output)
    name_missing(manifest.missing, console)
    ctx.exit(EXIT_SOURCE if manifest.missing else EXIT_DONE)


def _requests(snapshot: Snapshot) -> str:
    """Requests by the side that counted more of them; both sides count the same ones."""
    reporter = snapshot.requests["edge"].map(snapshot.edges.set_index("edge")["reporter"])
    by = snapshot.requests["requests"].groupby(reporter.astype(str)).sum()
    servers = float(by.get("destination", 0.0))
    clients = float(by.sum()) - servers
    side = "clients" if clients >= servers else "servers"
    return f"{max(clients, servers):,.0f} requests as {side} count them"
