"""What is ours in a cluster: two labels on the object, and the fields our manager applied.

`managedFields` and its field sets (FieldsV1) are described in Kubernetes' page on server-side
apply, https://kubernetes.io/docs/reference/using-api/server-side-apply/.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from observe.apply.model import JsonObject

MANAGED_BY = "app.kubernetes.io/managed-by"
PROGRAM = "observe"
OWNER = "mesh-observe/owner"

#: Kinds that are looked through for what is no longer wanted, in the order of deletion.
PRUNED_KINDS: tuple[tuple[str, str], ...] = (
    ("monitoring.coreos.com/v1", "Prometheus"),
    ("monitoring.coreos.com/v1", "Alertmanager"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("monitoring.coreos.com/v1alpha1", "ScrapeConfig"),
    ("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig"),
    ("telemetry.istio.io/v1", "Telemetry"),
    ("networking.istio.io/v1", "VirtualService"),
    ("networking.istio.io/v1", "DestinationRule"),
    ("security.istio.io/v1", "AuthorizationPolicy"),
    ("security.istio.io/v1", "PeerAuthentication"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("v1", "ServiceAccount"),
)
#: Kinds whose deletion loses what no rollback brings back; only on request.
PRUNED_ON_REQUEST: tuple[tuple[str, str], ...] = (
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Secret"),
    ("v1", "Namespace"),
)


def manager(owner: str) -> str:
    """The field manager of an owner: each has its own, so that owners see one another."""
    return f"{PROGRAM}-{owner}"


def selector(owner: str) -> str:
    """The label selector of everything an owner has."""
    return f"{MANAGED_BY}={PROGRAM},{OWNER}={owner}"


def stamped(data: JsonObject, owner: str) -> JsonObject:
    """A copy of an object that carries the labels of its owner."""
    result = copy.deepcopy(data)
    metadata = result["metadata"]
    metadata["labels"] = (metadata.get("labels") or {}) | {MANAGED_BY: PROGRAM, OWNER: owner}
    return result


def applied_entry(data: JsonObject, manager: str) -> JsonObject | None:
    """What `managedFields` says of the fields that a manager applied; None when it has none."""
    for entry in (data.get("metadata") or {}).get("managedFields") or []:
        named = (entry.get("manager"), entry.get("operation"), entry.get("subresource"))
        if named == (manager, "Apply", None):
            return dict(entry)
    return None


def applied_fields(data: JsonObject | None, manager: str) -> JsonObject:
    """The field set that a manager applied; empty when there is none."""
    entry = applied_entry(data, manager) if data else None
    return dict(entry.get("fieldsV1") or {}) if entry else {}


def fingerprint(data: JsonObject, manager: str) -> str:
    """Tells whether the fields that we applied are still ours and have the values that we gave.

    The server drops from our entry what others overwrite. Status and foreign fields do not matter.
    Of a Secret the time of our last change stands for the values, which nobody shall guess.
    """
    entry = applied_entry(data, manager) or {}
    fields = entry.get("fieldsV1") or {}
    ours = entry.get("time") if data["kind"] == "Secret" else part(data, fields)
    text = json.dumps([data["metadata"].get("uid"), fields, ours], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_ours(data: JsonObject, owner: str) -> bool:
    """Whether an object may be pruned.

    The labels are not enough: operators and controllers copy labels to what they make.
    """
    metadata = data["metadata"]
    labels = metadata.get("labels") or {}
    return (
        labels.get(MANAGED_BY) == PROGRAM
        and labels.get(OWNER) == owner
        and not metadata.get("ownerReferences")
        and not metadata.get("deletionTimestamp")
        and applied_entry(data, manager(owner)) is not None
    )


def joined(first: JsonObject, second: JsonObject) -> JsonObject:
    """The union of two field sets."""
    if not first or not second:
        return {} if first == second else first or second
    result = dict(first)
    for key, fields in second.items():
        if key not in result:
            result[key] = fields
        else:  # an empty set of a field means all of it
            both = result[key] and fields
            result[key] = joined(result[key], fields) if both else {}
    return result


def all_fields(data: JsonObject) -> JsonObject:
    """Every field that anybody set, without status and without what the server chose."""
    result: JsonObject = {}
    for entry in (data.get("metadata") or {}).get("managedFields") or []:
        if not entry.get("subresource"):
            result = joined(result, entry.get("fieldsV1") or {})
    return {key: fields for key, fields in result.items() if key != "f:status"}


def part(data: JsonObject, fields: JsonObject) -> JsonObject:
    """The object with the fields of a set only, ready to be applied."""
    metadata = data["metadata"]
    picked = _pick(data, fields) if fields else {}
    names = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    return {
        "apiVersion": data["apiVersion"],
        "kind": data["kind"],
        **{key: value for key, value in picked.items() if key not in ("apiVersion", "kind")},
        "metadata": (picked.get("metadata") or {}) | names,
    }


def _pick(value: Any, fields: JsonObject) -> Any:
    if not fields:
        return copy.deepcopy(value)
    if isinstance(value, dict):
        named = [(key[2:], sub) for key, sub in fields.items() if key.startswith("f:")]
        return {name: _pick(value[name], sub) for name, sub in named if name in value}
    if isinstance(value, list):
        return [item for index, one in enumerate(value) for item in _item(index, one, fields)]
    return value


def _item(index: int, value: Any, fields: JsonObject) -> list[Any]:
    """The part of a list's item that a set names; nothing when it does not name the item."""
    for key, sub in fields.items():
        sort, _, text = key.partition(":")
        if sort == "v" and json.loads(text) == value:
            return [copy.deepcopy(value)]
        if sort == "i" and int(text) == index:
            return [_pick(value, sub)]
        if sort == "k" and isinstance(value, dict):
            names = json.loads(text)
            if all(value.get(name) == wanted for name, wanted in names.items()):
                return [{name: value[name] for name in names if name in value} | _pick(value, sub)]
    return []
