"""Undo what a plan did, from its rollback file, wherever the objects still are as we left them.

Fields go back to their former values through server-side apply, so that what others changed in
the meantime stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from observe.apply.cluster import Cluster
from observe.apply.faults import ClusterError, FieldConflictError
from observe.apply.fields import differences
from observe.apply.model import JsonObject, Ref
from observe.apply.ownership import all_fields, applied_fields, fingerprint, joined, manager, part
from observe.apply.record import Entry, Record
from observe.errors import InputError

#: Kinds whose deletion takes along what others put there.
_HOLDS_MORE = frozenset({"Namespace", "PersistentVolumeClaim", "CustomResourceDefinition"})
_NOT_KEPT = "what was in a Secret is not kept in rollback files"
_TOUCHED = "it is not as that run left it"


@dataclass(frozen=True)
class Undo:
    """What rolling back does to one object.

    Attributes:
        action: `keep` leaves it alone and is no fault; `refuse` stops the rollback.
        reason: why it is kept or refused.
        data: what is applied; for `refuse`, what forcing it would apply.
        live: the object to delete, as it was looked at.
    """

    ref: Ref
    action: Literal["delete", "restore", "keep", "refuse"]
    reason: str = ""
    data: JsonObject | None = None
    live: JsonObject | None = None


def plan_rollback(
    cluster: Cluster, record: Record, *, prune_data: bool = False, force_conflicts: bool = False
) -> list[Undo]:
    """What rolling back would do, last change first; nothing is changed.

    Args:
        cluster: the cluster that the file is of.
        record: the rollback file.
        prune_data: delete namespaces, volume claims and definitions that were made, too.
        force_conflicts: restore fields that others have changed since; deletions stay refused.

    Raises:
        InputError: the file is of another cluster.
        ClusterError: the cluster cannot be reached or refuses.
    """
    other = cluster.server != record.server
    if record.cluster_uid and cluster.uid:
        other = record.cluster_uid != cluster.uid
    if other:
        raise InputError(
            f"the rollback file is of cluster {record.cluster} at {record.server}, "
            f"and context {cluster.name} is of another one",
            "Choose its context with --context",
        )
    begun = [entry for entry in reversed(record.entries) if entry.state != "pending"]
    undos = [_undo(cluster, record.owner, entry, prune_data) for entry in begun]
    if force_conflicts:
        undos = [
            replace(u, action="restore") if u.action == "refuse" and u.data else u for u in undos
        ]
    return undos


def roll_back(
    cluster: Cluster,
    owner: str,
    undos: Sequence[Undo],
    *,
    force_conflicts: bool = False,
    done: Callable[[Undo], None] = lambda undo: None,
) -> None:
    """Carry out a rollback. Interrupted, it can be run again: what is undone stays so.

    Args:
        cluster: the cluster.
        owner: the owner of the rollback file.
        undos: from `plan_rollback`.
        force_conflicts: as in `plan_rollback`.
        done: told of each object after it is undone.

    Raises:
        ClusterError: an object is refused (then nothing was changed), or the cluster refused.
    """
    refused = [undo for undo in undos if undo.action == "refuse"]
    if refused:
        names = ", ".join(f"{undo.ref}: {undo.reason}" for undo in refused)
        hint = "Restore them all the same with --force-conflicts" if refused[0].data else ""
        raise ClusterError(f"nothing was rolled back, because of {names}", hint)
    for undo in undos:
        if undo.action == "delete" and undo.live is not None:
            metadata = undo.live["metadata"]
            cluster.delete(
                undo.ref, uid=metadata["uid"], resource_version=metadata["resourceVersion"]
            )
        elif undo.action == "restore" and undo.data is not None:
            cluster.apply(
                undo.ref, undo.data, manager=manager(owner), force=force_conflicts, dry_run=False
            )
        done(undo)


def _undo(cluster: Cluster, owner: str, entry: Entry, prune_data: bool) -> Undo:
    ref = entry.ref
    served = cluster.resource(ref.api_version, ref.kind) is not None
    live = cluster.get(ref) if served else None
    if entry.action == "create":
        return _undo_creation(cluster, owner, entry, live, prune_data)
    if entry.before is None:
        return Undo(ref, "keep", _NOT_KEPT)
    if entry.action == "prune":
        return _undo_deletion(ref, entry.before, live)
    if live is None:
        data = part(entry.before, all_fields(entry.before))
        return Undo(ref, "refuse", "somebody else deleted it since", data if served else None)
    return _undo_change(cluster, owner, entry, entry.before, live)


def _undo_creation(
    cluster: Cluster, owner: str, entry: Entry, live: JsonObject | None, prune_data: bool
) -> Undo:
    if live is None or live["metadata"].get("deletionTimestamp"):
        return Undo(entry.ref, "keep", "it is gone already")
    if entry.kind in _HOLDS_MORE and not prune_data:
        return Undo(entry.ref, "keep", "deleting it would delete what is in it: see --prune-data")
    if not _as_we_left_it(cluster, owner, entry, live):
        return Undo(entry.ref, "refuse", _TOUCHED)
    return Undo(entry.ref, "delete", live=live)


def _undo_deletion(ref: Ref, before: JsonObject, live: JsonObject | None) -> Undo:
    if live is None:
        return Undo(ref, "restore", data=part(before, all_fields(before)))
    if live["metadata"].get("deletionTimestamp"):
        return Undo(ref, "refuse", "it is still being deleted")
    if live["metadata"]["uid"] == before["metadata"]["uid"]:
        return Undo(ref, "keep", "it was not deleted")
    return Undo(ref, "keep", "it is there again")


def _undo_change(
    cluster: Cluster, owner: str, entry: Entry, before: JsonObject, live: JsonObject
) -> Undo:
    """Our former fields, and the former values of those that we took since."""
    name = manager(owner)
    since = entry.fields or applied_fields(live, name)
    data = part(before, joined(applied_fields(before, name), since))
    if before["metadata"]["uid"] != live["metadata"]["uid"]:
        return Undo(entry.ref, "refuse", "somebody else made it anew since", data)
    try:
        after = cluster.apply(entry.ref, data, manager=name, force=False, dry_run=True)
    except FieldConflictError:
        return Undo(entry.ref, "refuse", _TOUCHED, data)
    if not differences(live, after) and applied_fields(live, name) == applied_fields(after, name):
        return Undo(entry.ref, "keep", "it is as it was before")
    if not _as_we_left_it(cluster, owner, entry, live):
        return Undo(entry.ref, "refuse", _TOUCHED, data)
    return Undo(entry.ref, "restore", data=data)


def _as_we_left_it(cluster: Cluster, owner: str, entry: Entry, live: JsonObject) -> bool:
    """Whether the fields that we applied are still ours, with the values of that run."""
    name = manager(owner)
    if entry.fingerprint is not None:
        return entry.fingerprint == fingerprint(live, name)
    if entry.applied is None:
        return False  # a Secret, and no answer had come: nothing to compare with
    try:
        after = cluster.apply(entry.ref, entry.applied, manager=name, force=False, dry_run=True)
    except FieldConflictError:
        return False
    return applied_fields(live, name) == applied_fields(after, name) and not differences(
        live, after
    )
