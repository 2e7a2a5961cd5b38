"""`observe collect`: a snapshot from any Prometheus API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    snapshot = pull(options, console)
    save(snapshot, output)
    manifest = snapshot.manifest
    console.say(
        f"{len(snapshot.edges):,} edges, {snapshot.requests['requests'].sum():,.0f} requests, "
        f"coverage {manifest.source.coverage:.1%}, {manifest.cost.queries} queries in "
        f"{manifest.cost.seconds:.1f} s"
    )
    stdout.write_line(output)
    name_missing(manifest.missing, console)
    ctx.exit(EXIT_SOURCE if manifest.missing else EXIT_DONE)
