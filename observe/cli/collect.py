"""`observe collect`: a snapshot from any Prometheus API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from observe.cli.console import Console
from observe.cli.options import FOLDER, connection_options, option, window_options
from observe.cli.wiring import pull
from observe.errors import EXIT_DONE, EXIT_SOURCE
from observe.telemetry.snapshot import save


@click.command("collect")
@connection_options
@window_options
@option("--output", type=FOLDER, default="observe-snapshot", help="Folder to write.")
@click.pass_context
def collect_command(ctx: click.Context, /, output: Path, **options: Any) -> None:
    """Read the telemetry of a window and store it as a snapshot.

    The snapshot is a folder of Parquet files with a manifest; `observe report --snapshot` works
    from it without a Prometheus.
    """
    console = ctx.find_object(Console) or Console()
    snapshot = pull(options, console)
    save(snapshot, Path(output))
    manifest = snapshot.manifest
    console.say(
        f"{len(snapshot.edges):,} edges, {snapshot.requests['requests'].sum():,.0f} requests, "
        f"coverage {manifest.source.coverage:.1%}, {manifest.cost.queries} queries in "
        f"{manifest.cost.seconds:.1f} s"
    )
    for piece in manifest.missing:
        console.warn(f"missing: {piece.query}: {piece.reason}")
    click.echo(output)
    ctx.exit(EXIT_SOURCE if manifest.missing else EXIT_DONE)
