"""What an export changes, in words and as data."""

from __future__ import annotations

from typing import Any

from observe.durations import format_ms, in_words
from observe.export.changes import Change
from observe.export.plan import ExportPlan
from observe.export.render import DELETE, RESTORE, one_line

EXPORT_VERSION = "observe-export/v1"

#: Folders of an export.
MANIFESTS, ROLLBACK = "manifests", "rollback"


def summary_markdown(plan: ExportPlan) -> str:
    """A short page: what changes per host, what was refused, how to apply and how to undo."""
    parts = ["# Exported timeouts", "", _headline(plan), ""]
    if plan.changes:
        parts += ["| host | cluster | today | set to | file |", "|---|---|---|---|---|"]
        parts += [_row(change) for change in plan.changes]
        parts.append("")
        notes = [(c, note) for c in plan.changes for note in _notes(c)]
        parts += [f"- {_cell(change.id)}: {_cell(note)}" for change, note in notes]
        parts += ["", *_instructions(plan)] if notes else _instructions(plan)
    if plan.refused:
        parts += ["", "## Not exported", ""]
        parts += [f"- {_cell(r.id)}: {r.reason}, {_cell(r.message)}" for r in plan.refused]
    if plan.skipped:
        parts += ["", "## Nothing to do", ""]
        parts += [f"- {_cell(s.id)}: {_cell(s.message)}" for s in plan.skipped]
    return "\n".join(parts).rstrip() + "\n"


def export_document(plan: ExportPlan) -> dict[str, Any]:
    """The same as data: the file `export.json`."""
    return {
        "schemaVersion": EXPORT_VERSION,
        "currentKnown": plan.current_known,
        "changes": [
            {
                "id": change.id,
                "action": change.action,
                "host": change.host,
                "cluster": change.advice.target.cluster,
                "beforeMs": change.before_ms,
                "afterMs": change.after_ms,
                "proposedMs": change.proposed_ms,
                "limited": change.limited,
                "file": f"{MANIFESTS}/{change.path}",
                "notes": _notes(change),
            }
            for change in plan.changes
        ],
        "refused": [
            {"id": r.id, "reason": str(r.reason), "message": r.message} for r in plan.refused
        ],
        "skipped": [{"id": s.id, "message": s.message} for s in plan.skipped],
    }


def _headline(plan: ExportPlan) -> str:
    created = sum(change.action == "create" for change in plan.changes)
    edited = len(plan.changes) - created
    text = (
        f"{created} VirtualService(s) to create, {edited} to edit, "
        f"{len(plan.refused)} refused, {len(plan.skipped)} with nothing to do."
    )
    if not plan.current_known and created:
        text += (
            " The VirtualServices that are there were not given (`--current`): make sure that "
            "none of these hosts has one, because the mesh applies only the older of two."
        )
    return text


def _row(change: Change) -> str:
    today = in_words(change.before_ms)
    cluster = _cell(change.advice.target.cluster or "-")
    file = _cell(f"{MANIFESTS}/{change.path}")
    return f"| {change.host} | {cluster} | {today} | {format_ms(change.after_ms)} | {file} |"


def _notes(change: Change) -> list[str]:
    notes = list(change.notes)
    if change.limited:
        notes.insert(
            0,
            f"{format_ms(change.proposed_ms)} was proposed; one step goes to "
            f"{format_ms(change.after_ms)}. Export again after the next report",
        )
    return notes


def _instructions(plan: ExportPlan) -> list[str]:
    clusters = sorted({change.advice.target.cluster or "" for change in plan.changes})
    if len(clusters) < 2:
        return ["\n".join(_commands(plan, "kubectl", ""))]
    parts = ["Each cluster has a folder of its own, for that cluster only."]
    for name in clusters:
        parts += ["", *_commands(plan, f"kubectl --context {name}", f"/{name}")]
    return ["\n".join(parts)]


def _commands(plan: ExportPlan, kubectl: str, folder: str) -> list[str]:
    """How to apply and to undo what lies in one folder."""
    lines = [
        f"Apply with `{kubectl} apply -R -f {MANIFESTS}{folder}`, or copy the files to where "
        "yours are."
    ]
    if any(path.startswith(f"{RESTORE}{folder}/") for path in plan.rollback):
        lines.append(f"Undo edits with `{kubectl} apply -R -f {ROLLBACK}/{RESTORE}{folder}`.")
    if any(path.startswith(f"{DELETE}{folder}/") for path in plan.rollback):
        lines.append(
            f"Remove new objects with `{kubectl} delete -R -f {ROLLBACK}/{DELETE}{folder}`."
        )
    return lines


def _cell(text: str) -> str:
    """A text that cannot break out of a Markdown table cell or list item."""
    plain = one_line(text)
    for sign in ("\\", "|", "`", "<", "*", "_", "["):
        plain = plain.replace(sign, f"\\{sign}")
    return plain
