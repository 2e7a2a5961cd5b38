"""`observe export`: recommendations as YAML, merged into what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from observe.cli.console import Console
from observe.cli.options import FILE, FOLDER, advice_options, option, source_options
from observe.cli.wiring import read_policy, read_settings, snapshot_from
from observe.errors import EXIT_DONE, InputError
from observe.export.advice_io import load_advice
from observe.export.options import ExportOptions
from observe.export.plan import ExportPlan, plan_export
from observe.export.write import write_export
from observe.recommend.engine import recommend
from observe.recommend.model import CONFIDENCES, Advice


@click.command("export")
@option("--recommendations", type=FILE, help="A recommendations.json; else they are made anew.")
@source_options
@advice_options
@option("--output", type=FOLDER, default="observe-export", help="Folder to write.")
@option("--only", multiple=True, metavar="GLOB", help="Targets to export, as cluster/ns/name.")
@option("--cluster", metavar="NAME", help="Only this cluster.")
@option(
    "--min-confidence",
    type=click.Choice(CONFIDENCES),
    default="low",
    help="Leave out what is less sure.",
)
@option(
    "--max-change",
    type=float,
    default=2.0,
    metavar="FACTOR",
    help="Change a timeout that is set by at most this factor in one run.",
)
@option("--istio-version", metavar="X.Y", help="Istio that will read the YAML.")
@option("--diff", "show_diff", is_flag=True, help="Print what changes; write nothing.")
@click.pass_context
def export_command(
    ctx: click.Context,
    /,
    recommendations: Path | None,
    current: tuple[Path, ...],
    policy: Path | None,
    output: Path,
    show_diff: bool,
    **options: Any,
) -> None:
    """Write recommendations as YAML.

    One VirtualService per host. With --current a host that has one already keeps it: its timeout
    is edited in place, or the change is refused with the reason. Nothing is applied: the folder
    holds manifests/ to apply and rollback/ to undo.
    """
    console = ctx.find_object(Console) or Console()
    settings = read_settings(current)
    if recommendations is not None:
        if policy is not None or options["snapshot"] is not None:
            raise InputError("--recommendations are made already", "drop --policy and --snapshot")
        advice: Advice = load_advice(recommendations)
    else:
        knobs = read_policy(policy)
        advice = recommend(snapshot_from(options, console), knobs, settings)
    plan = plan_export(advice, settings, _export_options(options))
    if show_diff:
        click.echo(_shown(plan), nl=False)
    else:
        write_export(plan, output)
        click.echo(output)
    _tell(plan, console, written=not show_diff)
    ctx.exit(EXIT_DONE)


def _export_options(options: dict[str, Any]) -> ExportOptions:
    return ExportOptions(
        only=tuple(options["only"]),
        min_confidence=options["min_confidence"],
        max_change=options["max_change"],
        cluster=options["cluster"],
        istio_version=options["istio_version"],
    )


def _shown(plan: ExportPlan) -> str:
    """The change as text: the difference of edited files, then the new files."""
    edited = {change.path for change in plan.changes if change.action == "edit"}
    new = [text for path, text in sorted(plan.files.items()) if path not in edited]
    return plan.diff + "".join(text if text.startswith("---") else f"---\n{text}" for text in new)


def _tell(plan: ExportPlan, console: Console, *, written: bool) -> None:
    edits = sum(change.action == "edit" for change in plan.changes)
    verb = "are" if written else "would be"
    console.say(
        f"{len(plan.changes)} timeouts {verb} set ({edits} in objects that exist), "
        f"{len(plan.refused)} refused, {len(plan.skipped)} skipped"
    )
    for change in plan.changes:
        if change.limited:
            console.say(f"{change.id}: limited by --max-change; run again after it has settled")
    for refusal in plan.refused:
        console.warn(f"{refusal.id} refused: {refusal.message}")
    for skip in plan.skipped:
        console.detail(f"{skip.id} skipped: {skip.message}")
