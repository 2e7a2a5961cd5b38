"""`observe explain`: one target, with inputs, formula and chart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    FILE,
    KINDS,
    SectionCommand,
    SectionOption,
    advice_options,
    collecting_options,
    connection_options,
    result_option,
    source_options,
)

if TYPE_CHECKING:
    from observe.recommend.base_model import Kind


@click.command("explain", cls=SectionCommand, short_help="Say why a target gets its number.")
@click.argument("target")
@click.option(
    "--kind",
    cls=SectionOption,
    section="Result",
    type=click.Choice(KINDS, case_sensitive=False),
    metavar="KIND",
    help=f"One kind of advice in full ({', '.join(KINDS)}); else all in short.",
)
@source_options
@advice_options
@result_option(
    "--plot", type=FILE, metavar="FILE", help="Also draw the target's charts to this PNG file."
)
@collecting_options
@connection_options
@click.pass_context
def explain_command(
    ctx: click.Context,
    /,
    target: str,
    kind: Kind | None,
    current: tuple[Path, ...],
    policy: Path | None,
    plot: Path | None,
    **options: Any,
) -> None:
    """Explain one TARGET: what was measured, by which formula, and why this number.

    TARGET is cluster/namespace/service, or enough of its end to tell it from the others. Without
    --kind every kind of advice is told in short.
    """
    from observe.cli.wiring import finish, read_policy, read_settings, snapshot_from
    from observe.errors import InputError
    from observe.recommend.engine import recommend
    from observe.report.explain_charts import explain_png
    from observe.report.explain_find import find_items
    from observe.report.explanation import Grounds, explanation
    from observe.report.write import write_bytes

    console = ctx.find_object(Console) or Console()
    knobs, settings = read_policy(policy), read_settings(current)
    snapshot = snapshot_from(options, console)
    advice = recommend(snapshot, knobs, settings)
    items = find_items(advice, target, kind)
    stdout.show(explanation(items, Grounds(advice, snapshot, knobs, settings)))
    if plot is not None:
        picture = explain_png(items, snapshot, knobs)
        if picture is None:
            raise InputError("there is nothing to draw: all of it is withheld", "drop --plot")
        write_bytes(plot, picture)
        stdout.write_line(plot)
    ctx.exit(finish(advice, None, console))
