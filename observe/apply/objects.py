"""Objects from YAML texts, checked and put into the order in which a cluster can take them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from observe.apply.model import JsonObject, Ref
from observe.errors import InputError
from observe.export.yaml_io import load_documents

_OWNER = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
#: Read by kustomize, never sent to a cluster.
_KUSTOMIZE = "kustomize.config.k8s.io/"
_ORDER = (
    ("Namespace",),
    ("CustomResourceDefinition",),
    ("ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"),
    ("Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "NetworkPolicy"),
    ("Service", "PodDisruptionBudget"),
    ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
)
_RANK = {kind: rank for rank, kinds in enumerate(_ORDER) for kind in kinds}


def read_objects(files: Mapping[str, str]) -> list[JsonObject]:
    """The objects of YAML files, `List`s taken apart; kustomizations are left out.

    Args:
        files: name of each file, for messages, and its text.

    Raises:
        InputError: malformed YAML, or a document that is no Kubernetes object.
    """
    found: list[JsonObject] = []
    for name, text in files.items():
        for document in load_documents(text, name):
            found += _objects(document.data, f"{name}, line {document.line}")
    return found


def _objects(data: Any, where: str) -> list[JsonObject]:
    if not isinstance(data, dict) or not data.get("apiVersion") or not data.get("kind"):
        raise InputError(f"{where}: no Kubernetes object", "It needs apiVersion, kind, metadata")
    if str(data["apiVersion"]).startswith(_KUSTOMIZE):
        return []
    if data["kind"] == "List" and isinstance(data.get("items"), list):
        return [item for one in data["items"] for item in _objects(one, where)]
    reference(data, where)
    return [data]


def reference(data: JsonObject, where: str = "an object") -> Ref:
    """The place that an object names.

    Raises:
        InputError: it has no name of its own.
    """
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise InputError(
            f"{where}: {data.get('kind')} has no metadata.name", "Give it one; none is generated"
        )
    return Ref(
        api_version=str(data["apiVersion"]),
        kind=str(data["kind"]),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
    )


def in_order(objects: Iterable[JsonObject]) -> list[JsonObject]:
    """Objects in the order of need: namespaces, definitions, roles, settings, workloads, the rest.

    Raises:
        InputError: one object is given twice.
    """
    ordered = sorted(objects, key=lambda data: (rank(str(data["kind"])), reference(data).identity))
    seen: set[tuple[str, str, str, str]] = set()
    for data in ordered:
        ref = reference(data)
        if ref.identity in seen:
            raise InputError(f"{ref} is given twice", "Keep one of them")
        seen.add(ref.identity)
    return ordered


def rank(kind: str) -> int:
    """Place of a kind in the order; custom resources and all else come last."""
    return _RANK.get(kind, len(_ORDER))


def check_owner(owner: str) -> str:
    """The owner, if it can be the value of a label and part of a manager's name.

    Raises:
        InputError: it cannot.
    """
    if not _OWNER.fullmatch(owner):
        raise InputError(
            f"{owner!r} is no name for an owner", "Use at most 63 of a-z, 0-9 and - (RFC 1123)"
        )
    return owner
