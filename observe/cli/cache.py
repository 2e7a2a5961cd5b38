"""`observe cache`: the past days that are kept, and making room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import SectionCommand, cache_folder_option, result_option
from observe.cli.parameters import DurationType

if TYPE_CHECKING:
    from observe.telemetry.cache_admin import KeptServer


@click.command("cache", cls=SectionCommand, short_help="Show or clear the past days that are kept.")
@click.argument("action", type=click.Choice(("show", "clear")), default="show")
@cache_folder_option
@result_option(
    "--older-than",
    type=DurationType(),
    metavar="LENGTH",
    help="With clear: only days that lie further back, such as 30d.",
)
@click.pass_context
def cache_command(
    ctx: click.Context, /, action: str, cache_dir: Path | None, older_than: timedelta | None
) -> None:
    """Show the past days that are kept, by server, or clear them.

    Days that are over do not change. They are kept after reading, so that the next run asks a
    Prometheus for new days only.
    """
    from observe.cli.wiring import cache_folder
    from observe.errors import InputError
    from observe.telemetry.cache_admin import clear, contents

    console = ctx.find_object(Console) or Console()
    folder = cache_folder(cache_dir)
    if folder is None:
        raise InputError("there is no home folder to keep days in", "give --cache-dir DIR")
    if action == "clear":
        before = None if older_than is None else (datetime.now(UTC) - older_than).date()
        files, size = clear(folder, before)
        stdout.write_line(f"{files} files deleted, {_size(size)}")
        return
    if older_than is not None:
        raise InputError("--older-than goes with clear", "write 'observe cache clear'")
    servers = contents(folder)
    stdout.write_line(f"{folder}: {_size(sum(server.bytes for server in servers))}")
    for server in servers:
        stdout.write_line(f"  {_line(server)}")
    if not servers:
        console.detail("nothing is kept yet")


def _line(server: KeptServer) -> str:
    from observe.report.escape import plain

    tenant = f", tenant {plain(server.tenant)}" if server.tenant else ""
    if not server.days:
        return f"{plain(server.url) or 'unknown'}{tenant}: nothing"
    span = f"{server.days[0]:%Y-%m-%d} to {server.days[-1]:%Y-%m-%d}"
    return (
        f"{plain(server.url) or 'unknown'}{tenant}: {len(server.days)} days, {span}, "
        f"{_size(server.bytes)}"
    )


def _size(count: int) -> str:
    """A number of bytes as a person reads it."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} GB"
