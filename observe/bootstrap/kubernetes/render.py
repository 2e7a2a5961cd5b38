"""Manifests of the whole stack: a folder a cluster, each with a kustomization."""

from __future__ import annotations

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.kubernetes import network, servers, settings
from observe.bootstrap.kubernetes.names import COMMON_LABELS, Component, Object
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
        folder = f"clusters/{cluster.name}"
        parts = _parts(stack, cluster, tiers)
        if own := namespaces(stack):
            parts["namespace.yaml"] = own
        files |= {f"{folder}/{path}": yaml_text(objects) for path, objects in parts.items()}
        files[f"{folder}/kustomization.yaml"] = yaml_text([kustomization(sorted(parts))])
    return dict(sorted(files.items()))


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
    texts = settings.external_settings(stack, tiers.external.rules)
    parts |= _tier(stack, cluster, "external", texts, tiers.external)
    return parts | _alertmanager(stack, cluster)


def _tier(
    stack: Stack, cluster: Cluster, component: Component, texts: dict[str, str], tier: Tier
) -> dict[str, list[Object]]:
    config = settings.config_map(stack, component, "config", texts)
    rules = settings.config_map(stack, component, "rules", settings.rule_settings(tier.rules))
    checksum = settings.checksum(config, rules)
    parts = _common(stack, cluster, component) | {
        f"{component}/config.yaml": [config],
        f"{component}/rules.yaml": [rules],
        f"{component}/statefulset.yaml": [
            servers.prometheus(stack, component, tier.resources, checksum)
        ],
    }
    if component == "edge" and stack.edge.replicas > 1:
        parts[f"{component}/disruption.yaml"] = [network.disruption_budget(stack, component)]
    return parts


def _alertmanager(stack: Stack, cluster: Cluster) -> dict[str, list[Object]]:
    config = settings.config_map(
        stack, "alertmanager", "config", settings.alertmanager_settings(stack)
    )
    server = servers.alertmanager(stack, settings.checksum(config))
    return _common(stack, cluster, "alertmanager") | {
        "alertmanager/config.yaml": [config],
        "alertmanager/statefulset.yaml": [server],
    }


def _common(stack: Stack, cluster: Cluster, component: Component) -> dict[str, list[Object]]:
    return {
        f"{component}/rbac.yaml": [service_account(stack, component)],
        f"{component}/service.yaml": network.services(stack, component),
        f"{component}/network.yaml": [network.network_policy(stack, cluster, component)],
    }
