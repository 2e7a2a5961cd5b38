"""`observe export`: recommendations as YAML, merged into what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import (
    CONFIDENCES,
    PLACE,
    SectionCommand,
    advice_options,
    collecting_options,
    connection_options,
    output_option,
    result_option,
    selection_option,
    source_options,
)

if TYPE_CHECKING:
    from observe.export.options import ExportOptions
    from observe.export.plan import ExportPlan

#: A host has at most 253 characters; label values that are no hosts may have thousands.
_LONGEST_ID = 160


@click.command("export", cls=SectionCommand, short_help="Write recommendations as YAML.")
@result_option(
    "--recommendations",
    type=PLACE,
    metavar="PATH",
    section="Telemetry",
    help="A recommendations.json or the folder of a report; else they are made anew.",
)
@source_options
@advice_options
@output_option("observe-export")
@result_option("--diff", "show_diff", is_flag=True, help="Print what changes; write nothing.")
@result_option("--istio-version", metavar="X.Y", help="Istio that will read the YAML.")
@selection_option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Kinds, such as retry, or targets, as cluster/ns/name.",
)
@selection_option("--cluster", metavar="NAME", help="Only this cluster.")
@selection_option(
    "--min-confidence",
    type=click.Choice(CONFIDENCES),
    default="low",
    metavar="LEVEL",
    help="Leave out what is less sure: low, medium or high.",
)
@selection_option(
    "--max-change",
    type=float,
    default=2.0,
    metavar="FACTOR",
    help="Change a number that is set by at most this factor in one run.",
)
@collecting_options
@connection_options
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

    One VirtualService (timeouts, retries) and one DestinationRule (retry budgets, connection
    pools, outlier detection) per host. With --current a host that has one already keeps it: it is
    edited in place, or the change is refused with the reason. Nothing is applied: the folder holds
    manifests/ to apply and rollback/ to undo.
    """
    from observe.cli.wiring import finish, read_policy, read_settings, snapshot_from
    from observe.errors import InputError
    from observe.export.advice_io import load_advice
    from observe.export.plan import plan_export
    from observe.export.write import check_folder, write_export
    from observe.recommend.engine import recommend

    console = ctx.find_object(Console) or Console()
    chosen, settings = _export_options(options), read_settings(current)
    if not show_diff:
        check_folder(output)
    if recommendations is not None:
        if policy is not None or options["snapshot"] is not None:
            raise InputError("--recommendations are made already", "drop --policy and --snapshot")
        advice = load_advice(recommendations)
    else:
        knobs = read_policy(policy)
        advice = recommend(snapshot_from(options, console), knobs, settings)
    plan = plan_export(advice, settings, chosen)
    if show_diff:
        stdout.write(_shown(plan))
    else:
        write_export(plan, output)
        stdout.write_line(output)
    _tell(plan, console, written=not show_diff)
    ctx.exit(finish(advice, None, console))


def _export_options(options: dict[str, Any]) -> ExportOptions:
    from observe.export.options import ExportOptions

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
    from observe.export.summary import counted

    verb = "are" if written else "would be"
    console.say(
        f"{counted(plan)} {verb} written, {len(plan.refused)} refused, {len(plan.skipped)} skipped"
    )
    for name in dict.fromkeys(change.id for change in plan.changes if change.limited):
        console.say(f"{_shown_id(name)}: limited by --max-change; run again after it has settled")
    for refusal in plan.refused:
        console.warn(f"{_shown_id(refusal.id)} refused: {refusal.message}")
    for skip in plan.skipped:
        console.detail(f"{_shown_id(skip.id)} skipped: {skip.message}")


def _shown_id(name: str) -> str:
    from observe.report.escape import shorten

    return shorten(name, _LONGEST_ID)
