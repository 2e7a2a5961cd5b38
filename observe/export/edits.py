"""Changes as edits of one YAML text, and as values of a new object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from observe.export.changes import Change, FieldChange
from observe.export.existing import ExistingObject
from observe.export.merge import put
from observe.export.provenance import is_ours
from observe.export.yaml_edit import SetValue
from observe.export.yaml_io import YamlPath

#: Keys behind which new ones are written.
_BEHIND = {"timeout": "route", "retries": "timeout", "trafficPolicy": "host"}


def nested(fields: Iterable[FieldChange]) -> dict[str, Any]:
    """The values of a new block."""
    out: dict[str, Any] = {}
    for field in fields:
        if field.after is not None:
            put(out, field)
    return out


def edits(
    changes: Iterable[Change], annotations: dict[str, str], data: dict[str, Any] | None = None
) -> list[SetValue]:
    """The values to set for all changes of one object.

    Objects that an earlier export created carry annotations with the origin of their numbers;
    those are brought up to date, all others keep theirs.

    Args:
        changes: changes of the same object.
        annotations: see `provenance`.
        data: the object as it is now, where some changes were made already.
    """
    changes = list(changes)
    item = changes[0].existing
    if item is None:
        return []
    data = item.data if data is None else data
    grouped: dict[tuple[YamlPath, str], Any] = {}
    for change in changes:
        for base in _bases(change):
            for field in change.fields:
                _collect(grouped, data, base, field)
    if is_ours(data):
        for key, value in annotations.items():
            grouped[(("metadata", "annotations"), key)] = value
    return [
        SetValue(item.document.index, (*item.path, *path), key, value, _BEHIND.get(key, ""))
        for (path, key), value in grouped.items()
    ]


def _bases(change: Change) -> list[YamlPath]:
    """Where in the object the fields begin."""
    if change.kind == "VirtualService":
        return [("spec", "http", index) for index in change.routes]
    return [("spec", "trafficPolicy") if change.kind == "DestinationRule" else ("spec",)]


def _collect(
    grouped: dict[tuple[YamlPath, str], Any], data: Any, base: YamlPath, field: FieldChange
) -> None:
    """Add a field to what is set at the deepest mapping on its way that is there."""
    path = (*base, *field.path)
    holder: Any = data
    depth = 0
    while depth < len(path) - 1:
        key: Any = path[depth]
        inner = holder[key] if isinstance(holder, list) else holder.get(key)
        if not isinstance(inner, dict | list):
            break
        holder, depth = inner, depth + 1
    place = (path[:depth], str(path[depth]))
    if depth == len(path) - 1:
        if field.after is not None or field.path[-1] in holder:
            grouped[place] = field.after
    elif field.after is not None:
        below = tuple(map(str, path[depth + 1 :]))
        put(grouped.setdefault(place, {}), FieldChange(below, None, field.after, field.after))


def by_object(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes of each object together, in order."""
    found: dict[tuple[str, YamlPath, int], list[Change]] = {}
    for change in changes:
        item = change.existing
        if isinstance(item, ExistingObject):
            found.setdefault((item.relative, item.path, item.document.index), []).append(change)
    return list(found.values())
