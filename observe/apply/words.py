"""Plans and outcomes in words: rows of a table, and sentences."""

from __future__ import annotations

from observe.apply.model import Outcome, Plan, Step
from observe.apply.rollback import Undo

#: Header of the rows below.
COLUMNS = ("action", "kind", "object", "fields")
#: Header of the rows of a rollback.
UNDO_COLUMNS = ("action", "kind", "object", "why")
_MOST_FIELDS = 6


def plan_rows(plan: Plan, *, prune: bool) -> list[tuple[str, str, str, str]]:
    """A row for each object that changes, would be pruned, or conflicts."""
    return [
        (_action(step, prune), step.ref.kind, step.ref.place, _fields(step))
        for step in plan.steps
        if step.action != "unchanged"
    ]


def _action(step: Step, prune: bool) -> str:
    if step.conflicts:
        return "conflict"
    if step.action == "prune" and not prune:
        return "kept"
    return step.action


def _fields(step: Step) -> str:
    """What changes in one object, a line a field."""
    lines = [f"{conflict.path} belongs to {conflict.manager}" for conflict in step.conflicts]
    for change in step.changes[:_MOST_FIELDS]:
        if "hidden" in (change.before, change.after):
            lines.append(f"{change.path} (not shown)")
        elif change.before is None:
            lines.append(f"{change.path}: {change.after}")
        elif change.after is None:
            lines.append(f"{change.path}: {change.before} -> removed")
        else:
            lines.append(f"{change.path}: {change.before} -> {change.after}")
    if len(step.changes) > _MOST_FIELDS:
        lines.append(f"and {len(step.changes) - _MOST_FIELDS} more")
    if step.action == "prune":
        lines.append("no longer wanted")
    if not step.checked:
        lines.append("checked when applied: its namespace or kind comes with it")
    if step.ref.kind == "Secret" and step.action in ("change", "prune"):
        lines.append("a rollback does not bring its data back")
    return "\n".join(lines)


def plan_summary(plan: Plan, *, prune: bool) -> str:
    """One line: how many objects of which fate."""
    unwanted = len(plan.of("prune"))
    tail = f"{unwanted} to prune" if prune else f"{unwanted} no longer wanted (see --prune)"
    parts = [
        f"{len(plan.of('create'))} to create",
        f"{len(plan.of('change'))} to change",
        f"{len(plan.of('unchanged'))} unchanged",
        *([tail] if unwanted or prune else []),
        *([f"{len(plan.conflicting)} in conflict"] if plan.conflicting else []),
    ]
    return f"cluster {plan.cluster}: {', '.join(parts)}"


def outcome_lines(outcome: Outcome) -> list[str]:
    """What is done, what is not, and how to go on or back."""
    if outcome.rollback_file is None:
        return ["nothing to change"]
    counts = {
        "created": sum(step.action == "create" for step in outcome.done),
        "changed": sum(step.action == "change" for step in outcome.done),
        "pruned": sum(step.action == "prune" for step in outcome.done),
    }
    lines = [", ".join(f"{count} {what}" for what, count in counts.items())]
    if outcome.failed is not None:
        doubt = "may or may not be done" if outcome.uncertain else "was not done"
        lines.append(f"stopped at {outcome.failed.ref}, which {doubt}")
        lines.append(f"not begun: {len(outcome.left)}{_names(outcome.left)}")
        lines.append("to go on: run the same command again")
    lines.append(f"to undo: --rollback {outcome.rollback_file} --apply")
    return lines


def _names(steps: tuple[Step, ...], most: int = 5) -> str:
    if not steps:
        return ""
    shown = ", ".join(str(step.ref) for step in steps[:most])
    return f" ({shown}{', ...' if len(steps) > most else ''})"


def undo_rows(undos: list[Undo]) -> list[tuple[str, str, str, str]]:
    """A row for each object of a rollback."""
    return [(undo.action, undo.ref.kind, undo.ref.place, undo.reason) for undo in undos]
