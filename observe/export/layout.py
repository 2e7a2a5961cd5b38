"""Where each change is written: one folder per cluster where there are several.

`shop/payment.yaml` for one cluster, `east/shop/payment.yaml` for several; a DestinationRule is
`shop/payment-destinationrule.yaml`. Changes that create the same object share its file. An edited
file keeps the relative name it has. Names come from labels that anybody may set, so every part of a
path is made safe.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from observe.export.changes import Change
from observe.export.current import Current
from observe.export.hosts import short_name

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\Z")

#: Folder for advice whose telemetry names no cluster, beside clusters with a name.
NO_CLUSTER = "no-cluster"


def safe_part(name: str) -> str:
    """One part of a path: the name, or its harmless characters and a digest of it."""
    if _SAFE.match(name) and not name.endswith(".") and name != NO_CLUSTER:
        return name
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "name"
    return f"{kept}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def lay_out(
    changes: Iterable[Change], current: Current | None, clusters: Collection[str | None]
) -> list[Change]:
    """The changes with their files; no new file takes the name of one that is there."""
    current = current or Current()
    placed: list[Change] = []
    used: set[str] = set()
    new: dict[tuple[str | None, str, str], str] = {}
    for change in sorted(changes, key=lambda c: (c.action != "edit", c.id)):
        cluster = change.advice.target.cluster
        folder = _folder(cluster, current, clusters)
        if change.existing is not None:
            path = change.existing.relative
            own = cluster is not None and path.startswith(f"{cluster}/")
            path = path if own or len(clusters) < 2 else folder + path
        elif change.same_object in new:
            path = new[change.same_object]
        else:
            taken = current.taken | {t.removeprefix(folder) for t in used}
            taken |= {t.removeprefix(folder) for t in current.taken if t.startswith(folder)}
            path = new[change.same_object] = folder + _free(change, taken)
        used.add(path)
        placed.append(replace(change, path=path))
    return sorted(placed, key=lambda c: (c.id, c.kind))


def _folder(cluster: str | None, current: Current, clusters: Collection[str | None]) -> str:
    if len(clusters) < 2 and not current.has_folder(cluster):
        return ""
    return (NO_CLUSTER if cluster is None else safe_part(cluster)) + "/"


def _free(change: Change, taken: Collection[str]) -> str:
    namespace = change.advice.target.namespace
    stem = f"{safe_part(namespace)}/{safe_part(short_name(change.host, namespace))}"
    stem += "" if change.kind == "VirtualService" else f"-{change.kind.lower()}"
    path, number = f"{stem}.yaml", 2
    while path in taken:
        path, number = f"{stem}-{number}.yaml", number + 1
    return path
