"""Set a timeout in the VirtualService that a host already has, or refuse with the reason.

Sidecars do not merge VirtualServices: of two for one host the older wins and the other is
ignored. So a host that has one is edited in place and never gets a second.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from observe.durations import duration_ms, format_ms, in_words
from observe.errors import InputError
from observe.export.changes import Change, RefusalReason
from observe.export.existing_virtualservice import ExistingVirtualService
from observe.export.host_routes import HostObjects
from observe.export.validate import problems
from observe.export.virtualservice import ANNOTATION
from observe.export.yaml_edit import SetValue


@dataclass(frozen=True)
class Editable:
    """The object and the http routes to edit, all with the same timeout today."""

    existing: ExistingVirtualService
    routes: tuple[int, ...]
    timeout_ms: float | None


@dataclass(frozen=True)
class NotEditable:
    """Why the object of a host is not edited."""

    reason: RefusalReason
    message: str


def editable(found: HostObjects, host: str, namespace: str) -> Editable | NotEditable | None:
    """The object and routes that hold a host's timeout; None when no object defines the host.

    Raises:
        InputError: a timeout in the file is not a duration.
    """
    if len(found.defining) > 1:
        labels = ", ".join(item.label for item in found.defining)
        return NotEditable(
            RefusalReason.SEVERAL_OBJECTS,
            f"{len(found.defining)} VirtualServices define {host}: {labels}; merge them first",
        )
    if found.defining:
        return _routes(found.defining[0], host, namespace)
    others = (
        (found.gateway_only, RefusalReason.GATEWAY_ONLY, "is bound to a gateway, not to the mesh"),
        (found.wildcard, RefusalReason.WILDCARD_HOST, "matches the host by a wildcard only"),
        (found.abbreviated, RefusalReason.HOST_ABBREVIATED, "does not write the host in full"),
    )
    for objects, reason, what in others:
        if objects:
            return NotEditable(reason, f"{objects[0].label} {what}")
    return None


def _routes(item: ExistingVirtualService, host: str, namespace: str) -> Editable | NotEditable:
    refused = _refusal(item, host)
    if refused:
        return refused
    routes = item.routes_to(host, namespace)
    if not routes:
        return NotEditable(
            RefusalReason.NO_ROUTE_TO_HOST, f"no http route of {item.label} leads to {host}"
        )
    split = [r for r in routes if item.destinations(r.index, host, namespace) != {host}]
    if split:
        return NotEditable(
            RefusalReason.ROUTES_SPLIT,
            f"{item.label} splits a route (line {split[0].line}) between {host} and other hosts",
        )
    timeouts = {route.timeout_ms for route in routes}
    if len(timeouts) > 1:
        written = ", ".join(sorted(in_words(t) for t in timeouts))
        return NotEditable(
            RefusalReason.ROUTES_DIFFER, f"{item.label} has different timeouts: {written}"
        )
    return Editable(item, tuple(route.index for route in routes), routes[0].timeout_ms)


def _refusal(item: ExistingVirtualService, host: str) -> NotEditable | None:
    if item.namespace is None and host not in item.hosts:
        return NotEditable(
            RefusalReason.NAMESPACE_UNKNOWN, f"{item.label} has a short host and no namespace"
        )
    if item.has_delegate:
        return NotEditable(RefusalReason.DELEGATE, f"{item.label} hands over to a delegate")
    if not item.http:
        return NotEditable(
            RefusalReason.TCP_OR_TLS_ONLY, f"{item.label} has no http routes, only tcp or tls"
        )
    visible = item.spec.get("exportTo") or ["*"]
    if "*" not in visible:
        return NotEditable(
            RefusalReason.NOT_VISIBLE_TO_ALL,
            f"{item.label} is exported to {', '.join(map(str, visible))} only",
        )
    return None


def problems_after(item: ExistingVirtualService, routes: Iterable[int], after_ms: int) -> list[str]:
    """What Istio would refuse in the object with these routes changed."""
    data = copy.deepcopy(item.data)
    for index in routes:
        data["spec"]["http"][index]["timeout"] = format_ms(after_ms)
    return problems(data)


def retry_notes(item: ExistingVirtualService, routes: Iterable[int], after_ms: int) -> list[str]:
    """What the new timeout means for retries that the routes already have."""
    notes = []
    for index in routes:
        retries = item.http[index].get("retries")
        per_try = retries.get("perTryTimeout") if isinstance(retries, dict) else None
        try:
            ignored = per_try is not None and duration_ms(per_try) >= after_ms
        except InputError:
            continue  # `problems_after` says so
        if ignored:
            notes.append(
                f"route {index}: perTryTimeout {per_try} is not below the timeout, "
                "so that Envoy ignores it"
            )
    return notes


def edits(change: Change, annotations: dict[str, str] | None = None) -> list[SetValue]:
    """The values to set for one change.

    Objects that an earlier export created carry annotations with the origin of their numbers;
    those are brought up to date, all others keep theirs.
    """
    item = change.existing
    if item is None:
        return []
    document, root = item.document.index, item.path
    values = [
        SetValue(
            document, (*root, "spec", "http", index), "timeout", format_ms(change.after_ms), "route"
        )
        for index in change.routes
    ]
    present = (item.data.get("metadata") or {}).get("annotations")
    if isinstance(present, dict) and f"{ANNOTATION}/recommendation" in present:
        path = (*root, "metadata", "annotations")
        values += [
            SetValue(document, path, key, value) for key, value in (annotations or {}).items()
        ]
    return values
