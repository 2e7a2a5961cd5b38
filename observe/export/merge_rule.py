"""The DestinationRule that a host already has, or the reason why it cannot be edited.

Of several DestinationRules in the namespaces that a client looks at, the first that is found
counts alone; of several in one namespace the first trafficPolicy does. So a host that has one is
edited in place and never gets a second.
"""

from __future__ import annotations

from dataclasses import dataclass

from observe.export.existing_destinationrule import BLOCKS, ExistingDestinationRule, HostRules
from observe.export.refusals import RefusalReason


@dataclass(frozen=True)
class RuleToEdit:
    """The object to edit, and what a reader should know of others."""

    existing: ExistingDestinationRule
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoRule:
    """Why the object of a host is not edited."""

    reason: RefusalReason
    message: str


def rule_to_edit(
    found: HostRules, host: str, namespace: str, block: str
) -> RuleToEdit | NoRule | None:
    """The DestinationRule that counts for a host's clients; None when there is none.

    Args:
        found: the rules that have to do with the host.
        host: full name of the service.
        namespace: its namespace.
        block: the block of the trafficPolicy that is to be set.
    """
    shadowed = [rule for rule in found.wildcard if rule.namespace in (namespace, None)]
    objects = found.own or (() if shadowed else found.root)
    if not objects:
        return _nothing_to_edit(found)
    if len(objects) > 1:
        labels = ", ".join(item.label for item in objects)
        return NoRule(
            RefusalReason.SEVERAL_OBJECTS,
            f"{len(objects)} DestinationRules are for {host}: {labels}; merge them first",
        )
    rule = objects[0]
    return _refusal(rule, host, block) or RuleToEdit(rule, tuple(_notes(found)))


def _nothing_to_edit(found: HostRules) -> NoRule | None:
    others = (
        (found.wildcard, RefusalReason.WILDCARD_HOST, "matches the host by a wildcard only"),
        (found.abbreviated, RefusalReason.HOST_ABBREVIATED, "does not write the host in full"),
        (found.elsewhere, RefusalReason.NOT_VISIBLE_TO_ALL, "counts for clients there only"),
    )
    for objects, reason, what in others:
        if objects:
            return NoRule(reason, f"the DestinationRule {objects[0].label} {what}")
    return None


def _refusal(rule: ExistingDestinationRule, host: str, block: str) -> NoRule | None:
    label = f"the DestinationRule {rule.label}"
    if rule.namespace is None and host not in rule.hosts:
        return NoRule(RefusalReason.NAMESPACE_UNKNOWN, f"{label} has a short host and no namespace")
    if rule.selects_clients:
        return NoRule(
            RefusalReason.NOT_VISIBLE_TO_ALL, f"{label} is for some clients only (workloadSelector)"
        )
    if "*" not in rule.exported_to:
        return NoRule(
            RefusalReason.NOT_VISIBLE_TO_ALL,
            f"{label} is exported to {', '.join(rule.exported_to)} only",
        )
    return _overridden(rule, block, label)


def _overridden(rule: ExistingDestinationRule, block: str, label: str) -> NoRule | None:
    """A refusal where a subset or a port would not get the block."""
    ports = [number for number, _ in rule.ports()]
    if ports and block in BLOCKS:
        return NoRule(
            RefusalReason.POLICY_OVERRIDDEN,
            f"{label} has settings for port {', '.join(ports)}, which take the place of "
            f"{block} as a whole; set it there",
        )
    subsets = [name for name, policy in rule.subsets_with_policy() if block in policy]
    subsets += [
        name
        for name, policy in rule.subsets_with_policy()
        if block in BLOCKS and policy.get("portLevelSettings") and name not in subsets
    ]
    if subsets:
        return NoRule(
            RefusalReason.POLICY_OVERRIDDEN,
            f"{label} has a {block} of its own for subset {', '.join(subsets)}, which takes the "
            "place of the one above as a whole; set it there",
        )
    return None


def _notes(found: HostRules) -> list[str]:
    if not found.elsewhere:
        return []
    labels = ", ".join(rule.label for rule in found.elsewhere)
    return [f"clients in other namespaces get {labels} instead"]
