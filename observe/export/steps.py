"""How far one run may go: a step from what is set, towards what is proposed."""

from __future__ import annotations

import math

from observe.durations import duration_ms, format_ms, parse_ms
from observe.export.changes import Scalar
from observe.export.fields import Field
from observe.export.retries import DEFAULT_ATTEMPTS


def bounded(proposed_ms: int, before_ms: float | None, max_change: float) -> int:
    """A proposed duration, limited to one step from what is set.

    Args:
        proposed_ms: what is asked for.
        before_ms: what is set; None for nothing, which limits nothing.
        max_change: the factor of a step, above 1.
    """
    if before_ms is None:
        return proposed_ms
    lowest = math.ceil(before_ms / max_change)
    highest = max(1, math.floor(before_ms * max_change))
    return min(max(proposed_ms, lowest), highest)


def bounded_number(proposed: float, before: float | None, max_change: float) -> float:
    """A proposed number, limited to one step from what is set.

    0 means off, or no limit: to switch something on or off is no step. A step of whole numbers is
    at least 1, else small ones could never change.
    """
    if not before or not proposed:
        return proposed
    lowest, highest = before / max_change, before * max_change
    if isinstance(proposed, int):
        lowest = min(math.ceil(lowest), before - 1)
        highest = max(math.floor(highest), before + 1)
    return min(max(proposed, lowest), highest)


def step(
    field: Field, proposed: Scalar | None, before: Scalar | None, max_change: float
) -> Scalar | None:
    """The value of a field after one step.

    More attempts come one at a time, as each adds load; fewer at once. Conditions have no size.

    Args:
        field: which one.
        proposed: what is asked for; None takes the field away, which is no step.
        before: what was set when the advice was made; None for nothing.
        max_change: the factor of a step, above 1.

    Raises:
        InputError: a duration is none.
    """
    if proposed is None or field.measure == "conditions":
        return proposed
    if field.measure == "attempts":
        now = DEFAULT_ATTEMPTS if before is None else int(before)
        return min(int(proposed), now + 1)
    if field.measure == "duration":
        set_ms = float(duration_ms(before)) or None if before is not None else None
        return format_ms(bounded(parse_ms(proposed), set_ms, max_change))
    number = None if before is None or isinstance(before, str) else before
    return bounded_number(
        float(proposed) if isinstance(proposed, str) else proposed, number, max_change
    )


def same(field: Field, left: Scalar | None, right: Scalar | None) -> bool:
    """Whether two values of a field mean the same.

    Raises:
        InputError: a duration is none.
    """
    if field.measure == "attempts":
        return (DEFAULT_ATTEMPTS if left is None else left) == (
            DEFAULT_ATTEMPTS if right is None else right
        )
    if left is None or right is None:
        return left is right
    if field.measure == "duration":
        return abs(duration_ms(left) - duration_ms(right)) <= 1  # rounded to whole milliseconds
    if field.measure == "conditions":
        return _conditions(left) == _conditions(right)
    return left == right


def _conditions(text: Scalar) -> set[str]:
    return {part.strip() for part in str(text).split(",") if part.strip()}
