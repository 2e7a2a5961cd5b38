"""The values that a recommendation proposes: right for the field that each is written to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from observe.durations import duration_ms, parse_ms, shown
from observe.errors import InputError
from observe.export.fields import ABSENT, OF_KIND, Field, value_at
from observe.export.validate import retry_condition
from observe.recommend.model import AnyRecommendation

_MOST = 2**31 - 1
#: More tries of one request than anybody means.
_MOST_ATTEMPTS = 100
#: What a recommendation of the kind is about: it must be there, and must not be null.
_REQUIRED = {"timeout": "timeout", "retry": "attempts"}


def value_problems(item: AnyRecommendation) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) for each value that cannot be written or compared."""
    fields = OF_KIND.get(item.kind)
    if fields is None:
        return
    yield from _unknown(item.proposed, fields)
    for each in fields:
        name = ".".join(each.keys)
        proposed = value_at(item.proposed, each.keys)
        required = _REQUIRED.get(item.kind) == name
        if required and proposed in (None, ABSENT):
            yield f"proposed.{name}", "it is missing"
        elif proposed is not ABSENT and proposed is not None:
            wrong = _wrong(each, proposed)
            if wrong:
                yield f"proposed.{name}", wrong
        for way in (each.keys, each.path):
            said = value_at(item.current, way)
            wrong = "" if said is ABSENT or said is None else _unreadable(each, said)
            if wrong:
                yield f"current.{'.'.join(way)}", wrong
                break


def _unknown(proposed: Mapping[str, Any], fields: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    """Names that no field has, and blocks that are none."""
    known: dict[str, set[str]] = {}
    for each in fields:
        known.setdefault(each.keys[0], set()).update(each.keys[1:])
    for name, value in proposed.items():
        if name not in known:
            yield f"proposed.{name}", f"there is no such field; there are {', '.join(known)}"
        elif known[name] and value is not None:
            if not isinstance(value, Mapping):
                yield f"proposed.{name}", f"{shown(value)} is not a block of fields"
                continue
            for inner in value:
                if inner not in known[name]:
                    there = ", ".join(sorted(known[name]))
                    yield f"proposed.{name}.{inner}", f"there is no such field; there are {there}"


def _wrong(each: Field, value: Any) -> str:
    """Why a value cannot be written; "" where it can."""
    if each.measure == "duration":
        return _complaint(parse_ms, value)
    if each.measure == "conditions":
        return _conditions(value)
    if each.measure == "percent":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and math.isfinite(value) and 0 <= value <= 100):
            return f"{shown(value)} is not a percentage from 0 to 100"
        return ""
    most = _MOST_ATTEMPTS if each.measure == "attempts" else _MOST
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole and 0 <= value <= most):
        return f"{shown(value)} is not a whole number from 0 to {most}"
    return ""


def _unreadable(each: Field, value: Any) -> str:
    """Why what was set cannot be compared; "" where it can."""
    if each.measure == "duration":
        return _complaint(duration_ms, value)
    if each.measure == "conditions":
        return "" if isinstance(value, str) else f"{shown(value)} is not a text"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{shown(value)} is not a number"
    return ""


def _complaint(read: Any, value: Any) -> str:
    try:
        read(value)
    except InputError as error:
        return error.message
    return ""


def _conditions(value: Any) -> str:
    if not isinstance(value, str) or not value:
        return f"{shown(value)} is not a list of retry conditions"
    wrong = [token for token in value.split(",") if not retry_condition(token)]
    return f"{shown(wrong[0])} is not a retry condition" if wrong else ""
