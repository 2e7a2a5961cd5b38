"""Why a recommendation is not exported: the codes, what they mean and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a recommendation was not exported although it asks for a change."""

    SEVERAL_OBJECTS = "SEVERAL_OBJECTS"
    ROUTES_DIFFER = "ROUTES_DIFFER"
    ROUTES_SPLIT = "ROUTES_SPLIT"
    POLICY_OVERRIDDEN = "POLICY_OVERRIDDEN"
    BUDGET_NOT_WRITTEN = "BUDGET_NOT_WRITTEN"
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
    RefusalReason.SEVERAL_OBJECTS: "Several VirtualServices (or DestinationRules of one namespace) "
    "are for the host; Istio applies one and ignores what the others say. Merge them first.",
    RefusalReason.ROUTES_DIFFER: "The routes to the host carry different timeouts or retries; one "
    "number cannot stand for all. Set them by hand.",
    RefusalReason.ROUTES_SPLIT: "A route sends part of its traffic to another host, whose "
    "latency was not looked at. Set it by hand.",
    RefusalReason.POLICY_OVERRIDDEN: "A subset or a port of the DestinationRule has settings of "
    "its own, which take the place of those above as a whole. Set the values there by hand.",
    RefusalReason.BUDGET_NOT_WRITTEN: "More retries are advised together with a retryBudget that "
    "bounds them, and the DestinationRule of the host cannot be edited.",
    RefusalReason.NO_ROUTE_TO_HOST: "The VirtualService defines the host but none of its http "
    "routes leads to it.",
    RefusalReason.DELEGATE: "A route hands over to another VirtualService, which holds its "
    "timeout and retries. Set them there.",
    RefusalReason.WILDCARD_HOST: "Only a wildcard host matches; an object for this host alone "
    "would take it out of the rules that the wildcard sets.",
    RefusalReason.HOST_ABBREVIATED: "A host is written with a dot but not in full, such as "
    "payment.shop, which Istio does not complete. Write the full name.",
    RefusalReason.NAMESPACE_UNKNOWN: "An object with a short host names no namespace, so "
    "which service it means is open. Write metadata.namespace.",
    RefusalReason.GATEWAY_ONLY: "The VirtualService of the host is bound to a gateway and not to "
    "the mesh. Add 'mesh' to its gateways, or set the values by hand.",
    RefusalReason.TCP_OR_TLS_ONLY: "The VirtualService of the host has only tcp or tls routes, "
    "which have no request timeout and no retries.",
    RefusalReason.NOT_VISIBLE_TO_ALL: "exportTo shows the object to some namespaces only, or a "
    "workloadSelector to some clients, while the numbers were learnt from all of them.",
    RefusalReason.CURRENT_NEEDED: "Something is set today, and the object that sets it was not "
    "given. Pass --current, so that it is edited instead of doubled.",
    RefusalReason.CURRENT_CHANGED: "The value in the file is not the one that the advice was "
    "made for. Run the report again.",
    RefusalReason.NOT_A_SERVICE: "The target is not a host and namespace that an object can name.",
    RefusalReason.DUPLICATE_TARGET: "Several recommendations ask for the same value.",
    RefusalReason.INVALID_OBJECT: "Istio would refuse the resulting object.",
    RefusalReason.NOT_EDITABLE: "The YAML is written in a way (a shared anchor) that the value "
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
