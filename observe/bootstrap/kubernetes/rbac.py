"""Who a tier is in its cluster, and what it may read there. Never a Secret, never a write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from observe.bootstrap.kubernetes.names import Component, Object, metadata, name_of
from observe.bootstrap.stack import Stack

_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
#: What Prometheus watches for each role of its discovery (kubernetes_sd_config).
_WATCHED = {
    "pod": [("", "pods")],
    "node": [("", "nodes")],
    "service": [("", "services")],
    "endpoints": [("", "endpoints"), ("", "services"), ("", "pods")],
    "endpointslice": [
        ("discovery.k8s.io", "endpointslices"),
        ("", "services"),
        ("", "pods"),
    ],
}


def service_account(stack: Stack, component: Component) -> Object:
    """The account of a component; its token is mounted only into edge tiers."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name_of(component), component, stack.namespace),
        "automountServiceAccountToken": False,
    }


def edge_roles(stack: Stack, jobs: Iterable[Mapping[str, Any]]) -> list[Object]:
    """The right to discover what these jobs discover, and to read kubelets' metrics.

    Names carry the namespace: two stacks may share a cluster.
    """
    name = f"{stack.namespace}-{name_of('edge')}"
    role = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": metadata(name, "edge", None),
        "rules": rules(jobs),
    }
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata(name, "edge", None),
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [
            {"kind": "ServiceAccount", "name": name_of("edge"), "namespace": stack.namespace}
        ],
    }
    return [role, binding]


def rules(jobs: Iterable[Mapping[str, Any]]) -> list[Object]:
    """The fewest rights that discovery and scraping of these jobs need."""
    roles = {
        str(discovery["role"]) for job in jobs for discovery in job.get("kubernetes_sd_configs", ())
    }
    groups: dict[str, set[str]] = {}
    for role in roles:
        for group, resource in _WATCHED[role]:
            groups.setdefault(group, set()).add(resource)
    found: list[Object] = [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": _READ}
        for group, resources in sorted(groups.items())
    ]
    if "node" in roles:
        found.append({"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]})
    return found
