"""What an export decided about each recommendation: changed, refused or left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from observe.export.existing_virtualservice import ExistingVirtualService
from observe.recommend.timeout_model import TimeoutRecommendation


class RefusalReason(StrEnum):
    """Why a recommendation was not exported although it asks for a change."""

    SEVERAL_OBJECTS = "SEVERAL_OBJECTS"
    ROUTES_DIFFER = "ROUTES_DIFFER"
    ROUTES_SPLIT = "ROUTES_SPLIT"
    NO_ROUTE_TO_HOST = "NO_ROUTE_TO_HOST"
    DELEGATE = "DELEGATE"
    WILDCARD_HOST = "WILDCARD_HOST"
    HOST_ABBREVIATED = "HOST_ABBREVIATED"
    NAMESPACE_UNKNOWN = "NAMESPACE_UNKNOWN"
    GATEWAY_ONLY = "GATEWAY_ONLY"
    TCP_OR_TLS_ONLY = "TCP_OR_TLS_ONLY"
    NOT_VISIBLE_TO_ALL = "NOT_VISIBLE_TO_ALL"
    CURRENT_NEEDED = "CURRENT_NEEDED"
    CURRENT_CHANGED = "CURRENT_CHANGED"
    NOT_A_SERVICE = "NOT_A_SERVICE"
    DUPLICATE_TARGET = "DUPLICATE_TARGET"
    INVALID_OBJECT = "INVALID_OBJECT"
    NOT_EDITABLE = "NOT_EDITABLE"


#: What each reason means and what to do, for the documentation.
REFUSAL_MEANING: dict[RefusalReason, str] = {
    RefusalReason.SEVERAL_OBJECTS: "Several VirtualServices define the host in the mesh; Istio "
    "applies the oldest and ignores the others. Merge them into one first.",
    RefusalReason.ROUTES_DIFFER: "The routes to the host carry different timeouts; one number "
    "cannot stand for all. Set them by hand.",
    RefusalReason.ROUTES_SPLIT: "A route sends part of its traffic to another host, whose "
    "latency was not looked at. Set it by hand.",
    RefusalReason.NO_ROUTE_TO_HOST: "The VirtualService defines the host but none of its http "
    "routes leads to it.",
    RefusalReason.DELEGATE: "A route hands over to another VirtualService, which holds the "
    "timeout. Set it there.",
    RefusalReason.WILDCARD_HOST: "Only a wildcard host matches; an object for this host alone "
    "would take it out of the rules that the wildcard sets.",
    RefusalReason.HOST_ABBREVIATED: "A host is written with a dot but not in full, such as "
    "payment.shop, which Istio does not complete. Write the full name.",
    RefusalReason.NAMESPACE_UNKNOWN: "A VirtualService with a short host names no namespace, so "
    "which service it means is open. Write metadata.namespace.",
    RefusalReason.GATEWAY_ONLY: "The VirtualService of the host is bound to a gateway and not to "
    "the mesh. Add 'mesh' to its gateways, or set the timeout by hand.",
    RefusalReason.TCP_OR_TLS_ONLY: "The VirtualService of the host has only tcp or tls routes, "
    "which have no request timeout.",
    RefusalReason.NOT_VISIBLE_TO_ALL: "exportTo shows the VirtualService to some namespaces only, "
    "while the timeout was learnt from all clients.",
    RefusalReason.CURRENT_NEEDED: "A timeout is set today, and the object that sets it was not "
    "given. Pass --current, so that it is edited instead of doubled.",
    RefusalReason.CURRENT_CHANGED: "The timeout in the file is not the one that the advice was "
    "made for. Run the report again.",
    RefusalReason.NOT_A_SERVICE: "The target is not a host and namespace that a VirtualService "
    "can name.",
    RefusalReason.DUPLICATE_TARGET: "Several recommendations ask for the same value.",
    RefusalReason.INVALID_OBJECT: "Istio would refuse the resulting object.",
    RefusalReason.NOT_EDITABLE: "The YAML is written in a way (a shared anchor) that the timeout "
    "cannot be changed alone.",
}


@dataclass(frozen=True)
class Refusal:
    """A recommendation that was not exported, and why."""

    id: str
    reason: RefusalReason
    message: str


@dataclass(frozen=True)
class Skipped:
    """A recommendation that asked for no change or was not selected."""

    id: str
    message: str


@dataclass(frozen=True)
class Change:
    """One timeout that is set.

    Attributes:
        id: id of the recommendation.
        action: "create" a VirtualService or "edit" one.
        host: full name of the service.
        before_ms: what is set today; None for nothing.
        after_ms: what the export sets, in whole milliseconds.
        proposed_ms: what the recommendation asked for; differs where the step was limited.
        advice: the recommendation.
        existing: the object to edit; None for a new one.
        routes: indexes of the http routes to edit.
        notes: what a reader should know besides.
        path: file of the export; filled in when files are laid out.
    """

    id: str
    action: Literal["create", "edit"]
    host: str
    before_ms: float | None
    after_ms: int
    proposed_ms: int
    advice: TimeoutRecommendation
    existing: ExistingVirtualService | None = None
    routes: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    path: str = ""

    @property
    def limited(self) -> bool:
        """Whether the step was limited."""
        return self.after_ms != self.proposed_ms


@dataclass
class Outcome:
    """A growing collection of decisions."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
