"""Whether what a server holds is what was sent, although it adds fields of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What Grafana shows in the place of a secret setting.
REDACTED = "[REDACTED]"


def contains(held: Any, wanted: Any) -> bool:
    """Whether every field that is wanted is held with that value.

    A server fills in defaults, so that more fields than were sent come back. Lists must be of one
    length and agree item by item. Null and absent are the same, and so are numbers of one value.

    Args:
        held: what the server answers.
        wanted: what was, or would be, sent.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(held, Mapping):
            return not wanted and held is None
        return all(contains(held.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        if not isinstance(held, Sequence) or isinstance(held, str):
            return not wanted and held is None
        return len(held) == len(wanted) and all(map(contains, held, wanted))
    if held == REDACTED:
        return True
    # True equals 1 in Python, and does not in JSON.
    return bool(held == wanted) and isinstance(held, bool) == isinstance(wanted, bool)


def first_difference(held: Any, wanted: Any, path: str = "") -> str:
    """Where they differ first, as `panels[3].title`; empty when nothing does."""
    if contains(held, wanted):
        return ""
    if isinstance(wanted, Mapping) and isinstance(held, Mapping):
        for key, value in wanted.items():
            if not contains(held.get(key), value):
                inner = f"{path}.{key}" if path else str(key)
                return first_difference(held.get(key), value, inner)
    if isinstance(wanted, list) and isinstance(held, list) and len(wanted) == len(held):
        for i, (left, right) in enumerate(zip(held, wanted, strict=True)):
            if not contains(left, right):
                return first_difference(left, right, f"{path}[{i}]")
    return path or "content"
