"""Server-side apply without a server: field sets, conflicts, removal of dropped fields.

After https://kubernetes.io/docs/reference/using-api/server-side-apply/ ("Merge strategy",
"Conflicts", "Field management") and the FieldsV1 format of `ManagedFieldsEntry`: a set is kept here
as paths whose steps are `f:field`, `k:{keys}`; maps and keyed lists are granular, every other list
is atomic, and the item of a keyed list is itself a member (".").
"""

from __future__ import annotations

import copy
import json
from typing import Any

Path = tuple[str, ...]
#: Lists that merge by key in the built-in API (x-kubernetes-list-map-keys).
LIST_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
}
_PORTS = {"Service": ("port", "protocol"), "container": ("containerPort", "protocol")}
_UNOWNED = {("f:apiVersion",), ("f:kind",)} | {
    ("f:metadata", f"f:{name}")
    for name in ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")
}
_MISSING = object()


def list_keys(path: Path) -> tuple[str, ...] | None:
    name = path[-1][2:] if path else ""
    if name == "ports":
        return _PORTS["container" if "f:containers" in path else "Service"]
    return LIST_KEYS.get(name)


def item_step(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    named = {k: item.get(k, "TCP" if k == "protocol" else None) for k in keys}
    return "k:" + json.dumps(named, sort_keys=True, separators=(",", ":"))


def field_set(value: Any, path: Path = ()) -> set[Path]:
    """The members that an object, as its manager applied it, names."""
    if path in _UNOWNED or path[:2] == ("f:metadata", "f:managedFields"):
        return set()
    if isinstance(value, dict) and value:
        return {p for key, sub in value.items() for p in field_set(sub, (*path, f"f:{key}"))}
    keys = list_keys(path)
    if isinstance(value, list) and keys and value:
        found: set[Path] = set()
        for item in value:
            here = (*path, item_step(item, keys))
            found |= {(*here, "."), *field_set(item, here)}
        return found
    return {path} if path else set()


def fields_v1(paths: set[Path]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def value_at(value: Any, path: Path) -> Any:
    for depth, step in enumerate(path):
        if step == ".":
            return value
        if step.startswith("f:"):
            value = value.get(step[2:], _MISSING) if isinstance(value, dict) else _MISSING
        else:
            keys = list_keys(path[:depth]) or ()
            items = value if isinstance(value, list) else []
            value = next((i for i in items if item_step(i, keys) == step), _MISSING)
        if value is _MISSING:
            return _MISSING
    return value


def merged(live: Any, applied: Any, path: Path = ()) -> Any:
    if isinstance(live, dict) and isinstance(applied, dict):
        result = dict(live)
        for key, value in applied.items():
            old = live.get(key, _MISSING)
            result[key] = merged(old, value, (*path, f"f:{key}"))
        return result
    keys = list_keys(path)
    if keys and isinstance(live, list) and isinstance(applied, list):
        news = {item_step(item, keys): item for item in applied}
        result = [
            merged(item, news.pop(step), (*path, step))
            if (step := item_step(item, keys)) in news
            else item
            for item in live
        ]
        return result + list(news.values())
    return copy.deepcopy(applied)


def without(value: Any, path: Path, depth: int = 0) -> None:
    """Remove one member, and the maps that its removal leaves empty."""
    if path[-1] == ".":
        path = path[:-1]
    parent = value_at(value, path[:-1]) if len(path) > 1 else value
    if parent is _MISSING:
        return
    if path[-1].startswith("f:"):
        parent.pop(path[-1][2:], None)
    else:
        keys = list_keys(path[:-1]) or ()
        parent[:] = [item for item in parent if item_step(item, keys) != path[-1]]
    if len(path) > 2 and not parent and path[-2].startswith("f:"):
        without(value, path[:-1], depth + 1)


def conflicts(
    live: dict[str, Any], applied: dict[str, Any], manager: str, owned: dict[str, set[Path]]
) -> list[tuple[str, Path]]:
    """Members that others own and whose value this would change."""
    mine = field_set(applied)
    return sorted(
        (other, path)
        for other, paths in owned.items()
        if other != manager
        for path in paths & mine
        if path[-1] != "." and value_at(live, path) != value_at(applied, path)
    )


def apply(
    live: dict[str, Any], applied: dict[str, Any], manager: str, owned: dict[str, set[Path]]
) -> tuple[dict[str, Any], dict[str, set[Path]]]:
    """The merged object and who owns what, conflicts decided for `manager`."""
    after = {name: set(paths) for name, paths in owned.items()}
    for other, path in conflicts(live, applied, manager, owned):
        after[other].discard(path)
    before, after[manager] = after.get(manager, set()), field_set(applied)
    result = merged(copy.deepcopy(live), applied)
    kept = set().union(*after.values())
    # whole items first: without its keys an item is not found any more
    for path in sorted(before - kept, key=lambda path: (path[-1] != ".", -len(path))):
        if path[-1] != "." or not any(p[: len(path) - 1] == path[:-1] for p in kept):
            without(result, path)
    return result, {name: paths for name, paths in after.items() if paths}


def updated(
    live: dict[str, Any], new: dict[str, Any], manager: str, owned: dict[str, set[Path]]
) -> dict[str, set[Path]]:
    """Who owns what after a plain update: whoever changes a value owns it, alone."""
    old_set, new_set = field_set(live), field_set(new)
    changed = {p for p in new_set if value_at(live, p) != value_at(new, p)} | (new_set - old_set)
    after = {name: (paths & new_set) - changed for name, paths in owned.items()}
    after[manager] = after.get(manager, set()) | changed
    return {name: paths for name, paths in after.items() if paths}


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Without what the server writes."""
    server = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}
    metadata = {k: v for k, v in data.get("metadata", {}).items() if k not in server}
    kept = {k: copy.deepcopy(v) for k, v in data.items() if k != "status"}
    return kept | ({"metadata": copy.deepcopy(metadata)} if data else {})


def dotted(path: Path) -> str:
    return "".join(f".{s[2:]}" if s.startswith("f:") else f"[{s[2:]}]" for s in path)
