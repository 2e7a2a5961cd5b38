"""Manifests of the whole stack: a folder a cluster, each with a kustomization."""

from __future__ import annotations

from collections.abc import Mapping

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.kubernetes import network, servers, settings
from observe.bootstrap.kubernetes.names import (
    ALERTMANAGER_PORT,
    COMMON_LABELS,
    PORT,
    Component,
    Object,
    edge_urls,
)
from observe.bootstrap.kubernetes.rbac import edge_roles, service_account
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.stack import Cluster, Stack
from observe.bootstrap.tiers import Tier, Tiers


def render_kubernetes(stack: Stack, tiers: Tiers) -> dict[str, str]:
    """Every file: `clusters/<cluster>/<tier>/<what>.yaml` and a kustomization a cluster.

    All clusters get an edge tier; the external tier and Alertmanager run in the home cluster.

    Raises:
        InputError: the stack does not say how tiers reach one another.
    """
    files: dict[str, str] = {}
    for cluster in stack.clusters:
        files |= cluster_files(stack, cluster, _parts(stack, cluster, tiers))
    return dict(sorted(files.items()))


def cluster_files(stack: Stack, cluster: Cluster, parts: dict[str, list[Object]]) -> dict[str, str]:
    """A cluster's folder: these parts, the namespace, and the kustomization that names them."""
    folder = f"clusters/{cluster.name}"
    if own := namespaces(stack):
        parts = parts | {"namespace.yaml": own}
    files = {f"{folder}/{path}": yaml_text(objects) for path, objects in parts.items()}
    files[f"{folder}/kustomization.yaml"] = yaml_text([kustomization(sorted(parts))])
    return files


def namespaces(stack: Stack) -> list[Object]:
    """The stack's namespace; none when it is Istio's own, which is not ours to have."""
    if stack.namespace == stack.istio_namespace:
        return []
    labels = dict(sorted(COMMON_LABELS.items()))
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": stack.namespace, "labels": labels},
        }
    ]


def kustomization(resources: list[str]) -> Object:
    """What `kubectl apply -k` reads."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    }


def _parts(stack: Stack, cluster: Cluster, tiers: Tiers) -> dict[str, list[Object]]:
    texts = settings.edge_settings(stack, cluster, tiers.edge.rules)
    parts = _tier(stack, cluster, "edge", texts, tiers.edge)
    parts["edge/rbac.yaml"] += edge_roles(stack, kubernetes_jobs(stack))
    if cluster.name != stack.home_cluster.name:
        return parts
    edges = {each.name: edge_urls(stack, each) for each in federated(stack)}
    return parts | external_parts(stack, cluster, tiers.external, edges)


def federated(stack: Stack) -> tuple[Cluster, ...]:
    """The clusters whose edge tiers the external tier asks; none with remote write."""
    return stack.clusters if stack.external.transport == "federate" else ()


def external_parts(
    stack: Stack, cluster: Cluster, tier: Tier, edges: Mapping[str, list[str]]
) -> dict[str, list[Object]]:
    """The external tier's and Alertmanager's files, path → objects.

    Args:
        stack: what is wanted.
        cluster: the home cluster.
        tier: rules and size.
        edges: cluster → addresses of its edge tier.
    """
    texts = settings.external_settings(stack, tier.rules, edges)
    parts = _tier(stack, cluster, "external", texts, tier)
    return parts | alertmanager_parts(stack, cluster)


def _tier(
    stack: Stack, cluster: Cluster, component: Component, texts: dict[str, str], tier: Tier
) -> dict[str, list[Object]]:
    config = settings.config_map(stack, component, "config", texts)
    rules = settings.config_map(stack, component, "rules", settings.rule_settings(tier.rules))
    checksum = settings.checksum(config, rules)
    parts = common_parts(stack, cluster, component) | {
        f"{component}/config.yaml": [config],
        f"{component}/rules.yaml": [rules],
        f"{component}/statefulset.yaml": [
            servers.prometheus(stack, component, tier.resources, checksum)
        ],
    }
    if component == "edge" and stack.edge.replicas > 1:
        parts[f"{component}/disruption.yaml"] = [network.disruption_budget(stack, component)]
    return parts


def alertmanager_parts(stack: Stack, cluster: Cluster) -> dict[str, list[Object]]:
    """Alertmanager's files, path → objects; the same for every target."""
    config = settings.config_map(
        stack, "alertmanager", "config", settings.alertmanager_settings(stack)
    )
    server = servers.alertmanager(stack, settings.checksum(config))
    return common_parts(stack, cluster, "alertmanager") | {
        "alertmanager/config.yaml": [config],
        "alertmanager/statefulset.yaml": [server],
    }


def common_parts(
    stack: Stack, cluster: Cluster, component: Component, gate: tuple[str, int] | None = None
) -> dict[str, list[Object]]:
    """Account, Services and NetworkPolicy of a component, path → objects.

    Args:
        stack: the namespace; who is let in.
        cluster: where it runs.
        component: which one.
        gate: name and number of the port that pods listen at, when it is not their own.
    """
    own = ALERTMANAGER_PORT if component == "alertmanager" else PORT
    target, port = gate or ("web", own)
    return {
        f"{component}/rbac.yaml": [service_account(stack, component)],
        f"{component}/service.yaml": network.services(stack, component, target),
        f"{component}/network.yaml": [network.network_policy(stack, cluster, component, port)],
    }
