"""`observe explain`: one target, with inputs, formula and chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    FILE,
    SectionCommand,
    advice_options,
    collecting_options,
    connection_options,
    result_option,
    source_options,
)


@click.command("explain", cls=SectionCommand, short_help="Say why a target gets its number.")
@click.argument("target")
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
    current: tuple[Path, ...],
    policy: Path | None,
    plot: Path | None,
    **options: Any,
) -> None:
    """Explain one TARGET: what was measured, by which formula, and why this number.

    TARGET is cluster/namespace/service, or enough of its end to tell it from the others.
    """
    from observe.cli.wiring import finish, read_policy, read_settings, snapshot_from
    from observe.errors import InputError
    from observe.recommend.engine import recommend
    from observe.recommend.timeout_model import TimeoutRecommendation
    from observe.report.build import latency_cubes
    from observe.report.explain import explain_png, explain_text, find_target
    from observe.report.write import write_bytes

    console = ctx.find_object(Console) or Console()
    knobs, settings = read_policy(policy), read_settings(current)
    snapshot = snapshot_from(options, console)
    advice = recommend(snapshot, knobs, settings)
    item = find_target(advice, target)
    latency = latency_cubes(snapshot).get(item.target.path)
    stdout.show(explain_text(item, knobs, latency))
    if plot is not None:
        if latency is None or not isinstance(item, TimeoutRecommendation):
            raise InputError("there is nothing to draw: the target is withheld", "drop --plot")
        write_bytes(plot, explain_png(item, latency))
        stdout.write_line(plot)
    ctx.exit(finish(advice, None, console))
