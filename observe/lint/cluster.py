"""Reads the objects of a live cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from observe.apply.cluster import Cluster, connect
from observe.apply.faults import ClusterError
from observe.apply.model import Ref
from observe.export.hosts import ROOT_NAMESPACE
from observe.lint.objects import KINDS, Identity
from observe.lint.read import Inventory


def read_cluster(
    context: str | None,
    kubeconfig: Path | None,
    folder: str,
    inventory: Inventory,
    warn: Callable[[str], None],
) -> None:
    """Add the VirtualServices, DestinationRules, Sidecars, HTTPRoutes and meshConfig of a cluster.

    An object that is there already, from a file, takes the place of the cluster's own.

    Args:
        context: a context of the kubeconfig; None for its current one.
        kubeconfig: file; None for the usual places.
        folder: the cluster's name in telemetry; "" when the objects count for every cluster.
        inventory: what they are added to.
        warn: told what the cluster does not let one see.

    Raises:
        InputError: no such kubeconfig or context.
        SourceError: the cluster could not be reached or refused.
    """
    cluster = connect(context, kubeconfig)
    files = frozenset(item.identity for item in inventory.objects if item.document is not None)
    try:
        for kind, versions in KINDS.items():
            _add(cluster, kind, versions, folder, inventory, files)
        _mesh_config(cluster, folder, inventory, warn)
    finally:
        cluster.close()


def _add(
    cluster: Cluster,
    kind: str,
    versions: tuple[str, ...],
    folder: str,
    inventory: Inventory,
    files: frozenset[Identity],
) -> None:
    for version in versions:
        if cluster.resource(version, kind) is not None:
            for data in cluster.list(version, kind, ""):
                metadata = data.get("metadata") or {}
                if (kind, metadata.get("namespace"), metadata.get("name")) not in files:
                    inventory.add(data, file=f"cluster:{cluster.name}", folder=folder)
            return


def _mesh_config(
    cluster: Cluster, folder: str, inventory: Inventory, warn: Callable[[str], None]
) -> None:
    try:
        found = cluster.get(Ref("v1", "ConfigMap", ROOT_NAMESPACE, "istio"))
    except ClusterError as error:
        if error.code != 403:
            raise
        warn(
            f"the ConfigMap {ROOT_NAMESPACE}/istio of {cluster.name} may not be read: Istio's own "
            "default of retries is assumed"
        )
        return
    if found is not None:
        inventory.add({"kind": "ConfigMap", **found}, file=f"cluster:{cluster.name}", folder=folder)
        inventory.others.pop("ConfigMap", None)
