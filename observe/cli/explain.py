"""`observe explain`: one target, with inputs, formula and chart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console as RichConsole

from observe.cli.console import Console
from observe.cli.options import FILE, advice_options, option, source_options
from observe.cli.wiring import finish, read_policy, read_settings, snapshot_from
from observe.errors import InputError
from observe.recommend.engine import recommend
from observe.recommend.model import Recommendation
from observe.report.explain import explain_png, explain_text, find_target
from observe.report.write import write_bytes
from observe.signals.latency import latency_by_target


@click.command("explain")
@click.argument("target")
@source_options
@advice_options
@option("--plot", type=FILE, help="Also draw the target to this PNG file.")
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
    console = ctx.find_object(Console) or Console()
    knobs, settings = read_policy(policy), read_settings(current)
    snapshot = snapshot_from(options, console)
    advice = recommend(snapshot, knobs, settings)
    item = find_target(advice, target)
    latency = latency_by_target(snapshot).get(item.target.path)
    if plot is not None and (latency is None or not isinstance(item, Recommendation)):
        raise InputError("there is nothing to draw: the target is withheld", "drop --plot")
    RichConsole(file=sys.stdout, highlight=False).print(explain_text(item, knobs, latency))
    if plot is not None and latency is not None and isinstance(item, Recommendation):
        write_bytes(Path(plot), explain_png(item, latency))
        click.echo(plot)
    ctx.exit(finish(advice, None, console))
