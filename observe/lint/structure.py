"""Whether an object has the fields and the types that Istio's definitions ask for.

An object that fails here is refused by `istioctl validate` and by a strict API server, so that no
other rule looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from observe.durations import parse_ms, shown
from observe.errors import InputError
from observe.export.yaml_io import YamlPath
from observe.lint.fields import SPECS, Fields
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject

UNKNOWN_FIELD = Rule("UNKNOWN_FIELD", "critical", "a field that Istio does not have")
WRONG_TYPE = Rule("WRONG_TYPE", "critical", "a value of the wrong type")
OUT_OF_RANGE = Rule("OUT_OF_RANGE", "critical", "a number that is not allowed")
INVALID_DURATION = Rule("INVALID_DURATION", "critical", "a text that is no duration for Istio")

RULES = (UNKNOWN_FIELD, WRONG_TYPE, OUT_OF_RANGE, INVALID_DURATION)

#: Type → lowest and highest value of whole numbers.
_WHOLE: dict[str, tuple[int, int]] = {
    "count": (0, 2**31 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "error code": (100, 599),
}

Report = Callable[[Rule, YamlPath, str, str], Finding]


def check_structure(item: ConfigObject) -> list[Finding]:
    """What the definitions refuse in an object; empty when nothing."""

    def report(rule: Rule, path: YamlPath, message: str, advice: str) -> Finding:
        return rule.at(item, path, message, advice)

    found = list(_identity(item, report))
    spec = item.data.get("spec")
    if isinstance(spec, dict):
        return [*found, *_value(spec, SPECS[item.kind], ("spec",), report)]
    return [*found, _wrong(spec, ("spec",), "a mapping", report)]


def _identity(item: ConfigObject, report: Report) -> Iterator[Finding]:
    metadata = item.data.get("metadata", {})
    if not isinstance(metadata, dict):
        yield _wrong(metadata, ("metadata",), "a mapping", report)
        return
    for field in ("name", "namespace", "generateName"):
        value = metadata.get(field)
        if value is not None and not isinstance(value, str):
            yield _wrong(value, ("metadata", field), "a text; put it in quotes", report)
    for field in sorted(map(str, item.data.keys() - _TOP)):
        yield report(
            UNKNOWN_FIELD,
            (field,),
            f"{shown(field)} is no field of a {item.kind}",
            "Remove it, or move it to where it belongs: strict validation refuses the object.",
        )


_TOP = {"apiVersion", "kind", "metadata", "spec", "status"}


def _value(value: Any, fields: Fields, path: YamlPath, report: Report) -> Iterator[Finding]:
    if isinstance(fields, dict):
        if isinstance(value, dict):
            yield from _mapping(value, fields, path, report)
        else:
            yield _wrong(value, path, "a mapping", report)
    elif isinstance(fields, list):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _value(item, fields[0], (*path, index), report)
        else:
            yield _wrong(value, path, "a list", report)
    else:
        yield from _leaf(value, fields, path, report)


def _mapping(
    value: dict[Any, Any], fields: Fields, path: YamlPath, report: Report
) -> Iterator[Finding]:
    for key, item in value.items():
        kind = fields.get(key, fields.get("*"))
        if kind is not None and isinstance(key, str):
            yield from _value(item, kind, (*path, key), report)
            continue
        near = get_close_matches(str(key), fields, n=1)
        hint = f"Write {near[0]}" if near else f"Here are allowed: {', '.join(sorted(fields))}"
        yield report(
            UNKNOWN_FIELD,
            (*path, key),
            f"{dotted(path)} has no field {shown(key)}: validation refuses it, and a server that "
            "does not validate drops it without a word",
            f"{hint}.",
        )


def _leaf(value: Any, kind: str, path: YamlPath, report: Report) -> Iterator[Finding]:
    if kind in _WHOLE:
        yield from _whole(value, _WHOLE[kind], path, report)
    elif kind in ("percent", "number"):
        yield from _number(value, 100.0 if kind == "percent" else None, path, report)
    elif kind.startswith("duration"):
        yield from _duration(value, kind.endswith("0"), path, report)
    elif kind == "bool":
        if not isinstance(value, bool):
            yield _wrong(value, path, "true or false", report)
    elif not isinstance(value, str):
        yield _wrong(value, path, "a text; put it in quotes", report)
    elif kind != "string" and value not in kind.split():
        yield _wrong(value, path, f"one of {', '.join(kind.split())}", report)


def _whole(
    value: Any, limits: tuple[int, int], path: YamlPath, report: Report
) -> Iterator[Finding]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong(value, path, "a whole number", report)
    elif not limits[0] <= value <= limits[1]:
        yield _outside(value, path, f"{limits[0]} to {limits[1]}", report)


def _number(value: Any, most: float | None, path: YamlPath, report: Report) -> Iterator[Finding]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield _wrong(value, path, "a number", report)
    elif not 0 <= value <= (most if most is not None else float("inf")):
        yield _outside(value, path, f"0 to {most:g}" if most else "0 and above", report)


def _duration(value: Any, may_be_0: bool, path: YamlPath, report: Report) -> Iterator[Finding]:
    if may_be_0 and value in ("0s", "0"):
        return
    try:
        parse_ms(value)
    except InputError as error:
        zero = path[-1] == "timeout" and value in ("0s", "0", "0ms")
        advice = "Leave timeout out to have none." if zero else f"{error.hint.capitalize()}."
        yield report(INVALID_DURATION, path, f"{dotted(path)}: {error.message}", advice)


def _wrong(value: Any, path: YamlPath, wanted: str, report: Report) -> Finding:
    words = f"{dotted(path)} is missing" if value is None else f"{dotted(path)} is {shown(value)}"
    return report(WRONG_TYPE, path, words, f"It has to be {wanted}.")


def _outside(value: float, path: YamlPath, limits: str, report: Report) -> Finding:
    return report(
        OUT_OF_RANGE, path, f"{dotted(path)} is {value:,}", f"It has to be within {limits}."
    )


def dotted(path: YamlPath) -> str:
    """`spec.http[0].retries` for a path."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
