"""The VirtualService that a host already has, or the reason why it cannot be edited.

Sidecars do not merge VirtualServices: of two for one host the older wins and the other is
ignored. So a host that has one is edited in place and never gets a second.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from observe.durations import duration_ms, in_words
from observe.errors import InputError
from observe.export.changes import FieldChange
from observe.export.existing_virtualservice import ExistingRoute, ExistingVirtualService
from observe.export.host_routes import HostObjects
from observe.export.refusals import RefusalReason
from observe.export.retries import as_ms
from observe.export.validate import problems

#: What is to be edited, in which all routes to a host have to agree.
What = Literal["timeout", "retries"]


@dataclass(frozen=True)
class Editable:
    """The object and the http routes to edit, which say the same today of what is to be edited."""

    existing: ExistingVirtualService
    routes: tuple[int, ...]

    @property
    def route(self) -> dict[str, Any]:
        """The first of the routes."""
        return self.existing.http[self.routes[0]]

    @property
    def shortest_ms(self) -> float | None:
        """The shortest timeout of the routes, which need not agree in it where retries are set."""
        timeouts = (as_ms(self.existing.http[index].get("timeout")) for index in self.routes)
        return min((each for each in timeouts if each is not None), default=None)


@dataclass(frozen=True)
class NotEditable:
    """Why the object of a host is not edited."""

    reason: RefusalReason
    message: str


def editable(
    found: HostObjects, host: str, namespace: str, what: What = "timeout"
) -> Editable | NotEditable | None:
    """The object and routes that hold a host's timeout or retries; None when no object does.

    Raises:
        InputError: a timeout or the retries in the file cannot be read.
    """
    if len(found.defining) > 1:
        labels = ", ".join(item.label for item in found.defining)
        return NotEditable(
            RefusalReason.SEVERAL_OBJECTS,
            f"{len(found.defining)} VirtualServices define {host}: {labels}; merge them first",
        )
    if found.defining:
        return _routes(found.defining[0], host, namespace, what)
    others = (
        (found.gateway_only, RefusalReason.GATEWAY_ONLY, "is bound to a gateway, not to the mesh"),
        (found.wildcard, RefusalReason.WILDCARD_HOST, "matches the host by a wildcard only"),
        (found.abbreviated, RefusalReason.HOST_ABBREVIATED, "does not write the host in full"),
    )
    for objects, reason, words in others:
        if objects:
            return NotEditable(reason, f"{objects[0].label} {words}")
    return None


def _routes(
    item: ExistingVirtualService, host: str, namespace: str, what: What
) -> Editable | NotEditable:
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
    if len({_said(route, what) for route in routes}) > 1:
        written = ", ".join(sorted({_in_words(route, what) for route in routes}))
        return NotEditable(
            RefusalReason.ROUTES_DIFFER,
            f"{item.label} has routes with different {_WORD[what]}: {written}",
        )
    return Editable(item, tuple(route.index for route in routes))


_WORD: dict[What, str] = {"timeout": "timeouts", "retries": "retries"}


def _said(route: ExistingRoute, what: What) -> Hashable:
    return route.timeout_ms if what == "timeout" else route.retries


def _in_words(route: ExistingRoute, what: What) -> str:
    if what == "timeout":
        return in_words(route.timeout_ms)
    if route.retries is None:
        return "none said"
    per_try = route.per_try_timeout_ms
    tail = f" of {in_words(per_try)}" if per_try is not None else ""
    tail += f" on {','.join(route.retry_on)}" if route.retry_on else ""
    return f"{route.attempts} attempts{tail}"


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


def problems_after(
    item: ExistingVirtualService, routes: Iterable[int], fields: Iterable[FieldChange]
) -> list[str]:
    """What Istio would refuse in the object with these fields of these routes changed."""
    data = copy.deepcopy(item.data)
    for index in routes:
        for field in fields:
            put(data["spec"]["http"][index], field)
    return problems(data)


def put(holder: dict[str, Any], field: FieldChange) -> None:
    """Make a change in plain values."""
    for key in field.path[:-1]:
        inner = holder.get(key)
        if not isinstance(inner, dict):
            inner = holder[key] = {}
        holder = inner
    if field.after is None:
        holder.pop(field.path[-1], None)
    else:
        holder[field.path[-1]] = field.after


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
