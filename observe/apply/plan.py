"""What applying would do, asked of the server itself: dry runs of server-side apply.

The server's own defaults, checks and admission webhooks speak, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from observe.apply.cluster import Cluster
from observe.apply.faults import ClusterError, FieldConflictError
from observe.apply.fields import differences
from observe.apply.model import Action, Conflict, FieldChange, JsonObject, Plan, Ref, Step
from observe.apply.objects import check_owner, in_order, reference
from observe.apply.ownership import (
    PRUNED_KINDS,
    PRUNED_ON_REQUEST,
    applied_fields,
    is_ours,
    manager,
    selector,
    stamped,
)
from observe.errors import InputError

Progress = Callable[[float, float, str], None]

_INSTALL = {
    "monitoring.coreos.com": "the Prometheus Operator",
    "istio.io": "Istio",
    "gateway.networking.k8s.io": "the CRDs of the Gateway API",
}


def make_plan(
    cluster: Cluster,
    objects: Sequence[JsonObject],
    owner: str,
    *,
    prune_data: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> Plan:
    """Compare objects with a cluster; nothing is changed.

    Args:
        cluster: where they are to be.
        objects: all objects of the owner: what it owns and is not here is to be pruned.
        owner: a name (RFC 1123 label); goes into a label and into the field manager.
        prune_data: plan to prune namespaces, volume claims and Secrets too.
        progress: told of objects looked at, of how many, and the one at hand.

    Raises:
        InputError: an object is invalid, given twice, or in no namespace.
        ClusterError: the cluster cannot be reached, refuses, or lacks a kind.
    """
    wanted = [stamped(data, owner) for data in in_order(objects) if check_owner(owner)]
    coming = {_defined_kind(data) for data in wanted if _is_definition(data)}
    _require_kinds(cluster, [reference(data) for data in wanted], coming)
    steps: list[Step] = []
    absent_namespaces: set[str] = set()
    for index, data in enumerate(wanted):
        ref = reference(data)
        progress(index, len(wanted), str(ref))
        step = _step(cluster, ref, data, owner, absent_namespaces)
        if ref.kind == "Namespace" and step.action == "create":
            absent_namespaces.add(ref.name)
        steps.append(step)
    kinds = PRUNED_KINDS + (PRUNED_ON_REQUEST if prune_data else ())
    unwanted, unseen = _prunable(cluster, steps, owner, kinds)
    warnings = (*cluster.warnings, *unseen)
    return Plan(cluster.name, owner, (*steps, *unwanted), warnings)


def _is_definition(data: JsonObject) -> bool:
    return str(data["kind"]) == "CustomResourceDefinition"


def _defined_kind(data: JsonObject) -> tuple[str, str]:
    spec = data.get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _require_kinds(cluster: Cluster, refs: list[Ref], coming: set[tuple[str, str]]) -> None:
    """Refuse kinds that the server does not serve, all at once."""
    missing: list[Ref] = []
    for ref in refs:
        resource = cluster.resource(ref.api_version, ref.kind)
        if resource is None:
            missing += [] if (ref.group, ref.kind) in coming else [ref]
        elif resource.namespaced != bool(ref.namespace):
            told = "has no metadata.namespace" if resource.namespaced else "must have no namespace"
            raise InputError(f"{ref} {told}", "Correct the object")
    if not missing:
        return
    kinds = ", ".join(sorted({f"{ref.kind} ({ref.api_version})" for ref in missing}))
    known = {
        what
        for ref in missing
        for group, what in _INSTALL.items()
        if ref.group == group or ref.group.endswith(f".{group}")
    }
    what = " and ".join(sorted(known)) or "their CustomResourceDefinitions"
    raise ClusterError(f"cluster {cluster.name} knows no {kinds}", f"Install {what} first")


def _step(
    cluster: Cluster, ref: Ref, data: JsonObject, owner: str, absent_namespaces: set[str]
) -> Step:
    if ref.namespace in absent_namespaces or cluster.resource(ref.api_version, ref.kind) is None:
        return Step(ref, "create", data, checked=False)
    live = cluster.get(ref)
    if live is not None and live["metadata"].get("deletionTimestamp"):
        raise ClusterError(f"{ref} is being deleted", "Run it again when it is gone")
    name = manager(owner)
    conflicts: tuple[Conflict, ...] = ()
    try:
        after = cluster.apply(ref, data, manager=name, force=False, dry_run=True)
    except FieldConflictError as error:
        conflicts = error.conflicts
        after = cluster.apply(ref, data, manager=name, force=True, dry_run=True)
    if live is None:
        return Step(ref, "create", data, conflicts=conflicts)
    changes = differences(live, after)
    if not changes and applied_fields(live, name) != applied_fields(after, name):
        changes = (FieldChange("metadata.managedFields", None, "ownership of fields"),)
    action: Action = "change" if changes or conflicts else "unchanged"
    return Step(ref, action, data, live, changes, conflicts)


def _prunable(
    cluster: Cluster, steps: list[Step], owner: str, kinds: tuple[tuple[str, str], ...]
) -> tuple[list[Step], list[str]]:
    """Steps for what the owner has and does not want, and words for what could not be seen."""
    wanted = {step.ref.identity for step in steps}
    spaces = sorted({step.ref.namespace for step in steps if step.ref.namespace and step.checked})
    found: list[Step] = []
    unseen: list[str] = []
    for api_version, kind in kinds:
        resource = cluster.resource(api_version, kind)
        if resource is None:
            continue
        try:
            objects = _listed(cluster, api_version, kind, owner, spaces * resource.namespaced)
        except ClusterError as error:
            if error.code not in (403, 404):
                raise
            unseen.append(f"not looked for {kind}s to prune: {error.message}")
            continue
        refs = ((reference(data), data) for data in objects if is_ours(data, owner))
        found += [Step(ref, "prune", live=d) for ref, d in refs if ref.identity not in wanted]
    return found, unseen


def _listed(
    cluster: Cluster, api_version: str, kind: str, owner: str, namespaces: list[str]
) -> list[JsonObject]:
    """What carries the owner's labels: everywhere, or where we are where that is forbidden."""
    try:
        return cluster.list(api_version, kind, selector(owner))
    except ClusterError as error:
        if error.code != 403 or not namespaces:
            raise
    return [
        data
        for namespace in namespaces
        for data in cluster.list(api_version, kind, selector(owner), namespace)
    ]
