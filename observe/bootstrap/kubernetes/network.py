"""Services, disruption budgets, and who may open a connection to whom."""

from __future__ import annotations

from observe.bootstrap.kubernetes.names import (
    ALERTMANAGER_PORT,
    CLIENT_LABEL,
    PORT,
    Component,
    Object,
    metadata,
    name_of,
    pods_service,
    selector,
)
from observe.bootstrap.stack import Cluster, Stack


def services(stack: Stack, component: Component, target: str = "web") -> list[Object]:
    """One Service for clients, one without an address that names each pod.

    Args:
        stack: the namespace; pairs.
        component: whose pods.
        target: name of the container's port.
    """
    port = ALERTMANAGER_PORT if component == "alertmanager" else PORT
    # Not `http...`: Istio would take the port for traffic that it may look into.
    ports = [{"name": "tcp-web", "port": port, "targetPort": target, "protocol": "TCP"}]
    client = {"selector": selector(component), "ports": ports}
    if component == "edge" and stack.edge.replicas > 1:
        # The two of a pair evaluate at different moments: who asks one goes on asking it.
        client |= {"sessionAffinity": "ClientIP"}
    headless = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": selector(component),
        "ports": ports,
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(name, component, stack.namespace),
            "spec": spec,
        }
        for name, spec in (
            (name_of(component), {"type": "ClusterIP"} | client),
            (pods_service(component), headless),
        )
    ]


def disruption_budget(stack: Stack, component: Component) -> Object:
    """Of a pair one may be moved at a time."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(name_of(component), component, stack.namespace),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(component)}},
    }


def network_policy(stack: Stack, cluster: Cluster, component: Component, port: int) -> Object:
    """Who may open a connection to a component; everyone else may not.

    What leaves the pods is not restricted: an edge tier asks every pod and node of its cluster, the
    external tier and Alertmanager ask addresses that only the stack's owner knows.
    """
    home = cluster.name == stack.home_cluster.name
    sources = [_pods(CLIENT_LABEL, "true")]
    if component == "edge" and home:
        sources.append(_component("external"))
    if component == "external":
        sources.append(_component("edge"))
    if component == "alertmanager":
        sources += [_component("edge"), _component("external")]
    if (component == "edge" and not home) or (component != "edge" and len(stack.clusters) > 1):
        sources.append(_gateways())
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name_of(component), component, stack.namespace),
        "spec": {
            "podSelector": {"matchLabels": selector(component)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": sources, "ports": [{"port": port, "protocol": "TCP"}]}],
        },
    }


def from_own_namespace(policy: Object, ports: list[int]) -> Object:
    """A NetworkPolicy that also lets every pod of its namespace reach these ports."""
    spec = policy["spec"]
    rule = {
        "from": [{"podSelector": {}}],
        "ports": [{"port": port, "protocol": "TCP"} for port in ports],
    }
    return policy | {"spec": spec | {"ingress": [*spec["ingress"], rule]}}


def _component(component: Component) -> Object:
    return {"podSelector": {"matchLabels": selector(component)}}


def _pods(label: str, value: str) -> Object:
    return {"namespaceSelector": {}, "podSelector": {"matchLabels": {label: value}}}


def _gateways() -> Object:
    """Istio's gateways, through which other clusters come."""
    labels = ["ingressgateway", "eastwestgateway"]
    return {
        "namespaceSelector": {},
        "podSelector": {"matchExpressions": [{"key": "istio", "operator": "In", "values": labels}]},
    }
