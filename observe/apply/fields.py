"""Which fields of two states of an object differ, in words that fit a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from observe.apply.model import FieldChange, JsonObject

#: Written by the server, or by controllers through the status subresource.
_SERVER_FIELDS = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}
)
#: Keys that name an item of a list, in the order they are tried.
_ITEM_NAMES = ("name", "mountPath", "containerPort", "port", "alert", "record")
_LONGEST_VALUE = 60
_ABSENT = object()


def meaning(data: JsonObject) -> JsonObject:
    """The object without what the server and controllers write into it."""
    metadata = data.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key not in _SERVER_FIELDS}
    return {key: value for key, value in data.items() if key != "status"} | {"metadata": kept}


def differences(before: JsonObject, after: JsonObject) -> tuple[FieldChange, ...]:
    """The fields in which two states of one object differ, sorted by path.

    Values of a Secret's data are never shown.
    """
    hidden = "Secret" in (before.get("kind"), after.get("kind"))
    found = [
        FieldChange(path, *(("hidden", "hidden") if hidden else _shown(old, new)))
        for path, old, new in _walk("", meaning(before), meaning(after))
    ]
    return tuple(sorted(found, key=lambda change: change.path))


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}, key=str):
            child = _join(path, str(key))
            yield from _walk(child, before.get(key, _ABSENT), after.get(key, _ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _walk_lists(path, before, after)
    else:
        yield path, before, after


def _walk_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    key = next((name for name in _ITEM_NAMES if _named_by(name, before, after)), None)
    if key is None:
        if len(before) != len(after) or not all(isinstance(v, dict) for v in [*before, *after]):
            yield path, before, after
            return
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{index}]", old, new)
        return
    olds, news = ({item[key]: item for item in items} for items in (before, after))
    if list(olds) != list(news) and olds == news:
        yield path, list(olds), list(news)  # only the order differs
    for name in sorted({*olds, *news}, key=str):
        child = f"{path}[{key}={name}]"
        yield from _walk(child, olds.get(name, _ABSENT), news.get(name, _ABSENT))


def _named_by(key: str, *lists: list[Any]) -> bool:
    """Whether each item of each list has this key, and no two of one list share its value."""
    for items in lists:
        names = [item.get(key) for item in items if isinstance(item, dict)]
        if len(names) != len(items) or not all(isinstance(n, str | int) for n in names):
            return False
        if len(set(names)) != len(names):
            return False
    return True


def _join(path: str, key: str) -> str:
    step = key if "." not in key and "/" not in key else json.dumps(key)
    return f"{path}.{step}" if path else step


def _shown(before: Any, after: Any) -> tuple[str | None, str | None]:
    """Both values as short JSON; of long texts, how many lines differ."""
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        old, new = before.splitlines(), after.splitlines()
        gone, came = len(set(old) - set(new)), len(set(new) - set(old))
        return f"{len(old)} lines, {gone} go", f"{len(new)} lines, {came} are new"
    return _short(before), _short(after)


def _short(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
