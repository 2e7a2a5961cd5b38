"""Names, labels, ports and addresses: what objects of both targets know one another by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from observe.bootstrap.config import Credentials, mounted_credentials
from observe.bootstrap.stack import Cluster, Stack
from observe.errors import InputError

Object = dict[str, Any]
Component = Literal["edge", "external", "alertmanager"]

PORT = 9090
ALERTMANAGER_PORT = 9093

#: Pods with this label may ask the tiers, in whichever namespace they run.
CLIENT_LABEL = "mesh-observe/client"
#: What every object carries; `--prune` looks at labels of its own.
COMMON_LABELS = {
    "app.kubernetes.io/name": "observe",
    "app.kubernetes.io/part-of": "observe",
    "app.kubernetes.io/managed-by": "observe",
}


def name_of(component: Component) -> str:
    """Name of a component's StatefulSet, client Service and all else that is its own."""
    return f"observe-{component}"


def pods_service(component: Component) -> str:
    """Name of the headless Service that gives each pod of a component a name."""
    return f"{name_of(component)}-pods"


def selector(component: Component) -> dict[str, str]:
    """The labels by which a component's pods, monitors and rules are found; they never change.

    A label of its own: an operator sets `app.kubernetes.io/...` of pods as it likes.
    """
    return {"mesh-observe/component": component}


def metadata(name: str, component: Component | None, namespace: str | None) -> Object:
    """`metadata` of an object; of the whole cluster when there is no namespace."""
    labels = COMMON_LABELS | (selector(component) if component else {})
    there = {"namespace": namespace} if namespace else {}
    return {"name": name, **there, "labels": dict(sorted(labels.items()))}


def tier_credentials(stack: Stack) -> Credentials:
    """What tiers show one another, as files of the mounted Secret.

    With mTLS every certificate carries one DNS name, that of the Secret: addresses of pods,
    Services and gateways differ from cluster to cluster, the authority is what counts.
    """
    credentials = mounted_credentials(stack.security.auth)
    if credentials.auth == "mtls":
        return replace(credentials, server_name=stack.security.secret)
    return credentials


def service_url(stack: Stack, component: Component) -> str:
    """Address of a component's Service, from inside its cluster."""
    port = ALERTMANAGER_PORT if component == "alertmanager" else PORT
    scheme = tier_credentials(stack).scheme
    return f"{scheme}://{name_of(component)}.{stack.namespace}.svc:{port}"


def edge_urls(
    stack: Stack, cluster: Cluster, *, pod_prefix: str = "", pod_port: int = PORT
) -> list[str]:
    """Where the external tier asks a cluster's edge tier: each of a pair, if it can.

    Args:
        stack: says how tiers know one another.
        cluster: whose edge tier is asked.
        pod_prefix: what an operator puts before the names of pods.
        pod_port: where pods themselves listen.

    Raises:
        InputError: it is another cluster's, and the stack does not say how to reach it.
    """
    if cluster.edge_url:
        return [cluster.edge_url]
    if cluster.name != stack.home_cluster.name:
        raise InputError(
            f"cluster {cluster.name} has no edgeUrl: the external tier runs in "
            f"{stack.home_cluster.name} and cannot reach it",
            "add edgeUrl to the cluster, such as https://edge.example.org, or use remote-write",
        )
    if stack.edge.replicas == 1:
        return [service_url(stack, "edge")]
    scheme = tier_credentials(stack).scheme
    return [
        f"{scheme}://{pod_prefix}{name_of('edge')}-{replica}.{pods_service('edge')}"
        f".{stack.namespace}.svc:{pod_port}"
        for replica in range(stack.edge.replicas)
    ]


def alertmanager_urls(stack: Stack, cluster: Cluster) -> list[str]:
    """Where a cluster's edge tier sends alerts; none when it has no way to Alertmanager."""
    if cluster.name == stack.home_cluster.name:
        return [service_url(stack, "alertmanager")]
    return [stack.external.alertmanager_url] if stack.external.alertmanager_url else []


def write_url(stack: Stack, cluster: Cluster) -> str | None:
    """Where a cluster's edge tier writes to: the Service beside it, or what the stack says."""
    if cluster.name == stack.home_cluster.name:
        return f"{service_url(stack, 'external')}/api/v1/write"
    return stack.external.write_url
