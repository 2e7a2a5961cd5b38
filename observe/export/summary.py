"""What an export changes, in words and as data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from observe.durations import duration_ms
from observe.export.changes import Change, FieldChange
from observe.export.plan import ExportPlan
from observe.export.render import DELETE, RESTORE, one_line

EXPORT_VERSION = "observe-export/v1"

#: Kinds of recommendations, one and several, for a reader.
_KINDS = {
    "timeout": ("timeout", "timeouts"),
    "retry": ("retry policy", "retry policies"),
    "connectionPool": ("connection pool", "connection pools"),
    "outlierDetection": ("outlier detection", "outlier detections"),
}

#: What a change of another object than the first of its kind is.
_WHAT = {
    ("retry", "DestinationRule"): "retry budget",
    ("connectionPool", "Sidecar"): "connection pool of the servers",
}

#: Folders of an export.
MANIFESTS, ROLLBACK = "manifests", "rollback"


def summary_markdown(plan: ExportPlan) -> str:
    """A short page: what changes per host, what was refused, how to apply and how to undo."""
    parts = ["# Exported recommendations", "", _headline(plan), ""]
    if plan.changes:
        parts += ["| host | cluster | what | change | file |", "|---|---|---|---|---|"]
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
                "object": change.kind,
                "fields": [_field(each) for each in change.fields],
                **_milliseconds(change),
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


def _field(each: FieldChange) -> dict[str, Any]:
    return {
        "field": each.name,
        "before": each.before,
        "after": each.after,
        "proposed": each.proposed,
        "limited": each.limited,
    }


def _milliseconds(change: Change) -> dict[str, float | int | None]:
    """A timeout in milliseconds, as this file tells it since its first version."""
    if change.advice.kind != "timeout":
        return {}
    each = change.fields[0]
    return {
        "beforeMs": None if each.before is None else float(duration_ms(each.before)),
        "afterMs": int(duration_ms(each.after)),
        "proposedMs": int(duration_ms(each.proposed)),
    }


def counted(plan: ExportPlan) -> str:
    """What is exported, by kind: `3 timeouts, 1 retry policy`."""
    kinds = Counter[str](kind for kind, _ in {(c.advice.kind, c.id) for c in plan.changes})
    named = [
        f"{kinds[kind]} {one if kinds[kind] == 1 else many}"
        for kind, (one, many) in _KINDS.items()
        if kinds[kind]
    ]
    return ", ".join(named) or "0 recommendations"


def _headline(plan: ExportPlan) -> str:
    text = (
        f"{_objects(plan, 'create')} to create, {_objects(plan, 'edit')} to edit, "
        f"{len(plan.refused)} refused, {len(plan.skipped)} with nothing to do."
    )
    if not plan.current_known and any(change.action == "create" for change in plan.changes):
        text += (
            " What is there was not given (`--current`): make sure that none of these hosts has "
            "such an object, because the mesh applies only one of two."
        )
    return text


def _objects(plan: ExportPlan, action: str) -> str:
    """`2 VirtualServices, 1 DestinationRule`."""
    found = {
        (change.kind, change.same_object if change.existing is None else change.existing.place)
        for change in plan.changes
        if change.action == action
    }
    counts = sorted(Counter(kind for kind, _ in found).items(), reverse=True)
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in counts) or "nothing"


def _row(change: Change) -> str:
    cluster = _cell(change.advice.target.cluster or "-")
    file = _cell(f"{MANIFESTS}/{change.path}")
    what = _WHAT.get((change.advice.kind, change.kind), _KINDS[change.advice.kind][0])
    moves = ", ".join(f"{each.path[-1]} {_move(each)}" for each in change.fields)
    return f"| {change.host} | {cluster} | {what} | {moves} | {file} |"


def _move(each: FieldChange) -> str:
    before = "none" if each.before is None else _cell(str(each.before))
    return f"{before} → {'none' if each.after is None else _cell(str(each.after))}"


def _notes(change: Change) -> list[str]:
    steps = [
        f"{each.path[-1]}: {each.proposed} was proposed; one step goes to {each.after}. Export "
        "again after the next report"
        for each in change.fields
        if each.limited and each.after is not None
    ]
    return [*steps, *change.notes]


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
