"""Files for clusters that run kube-prometheus-stack."""

from __future__ import annotations

from observe.bootstrap.helm.values import chart_values
from observe.bootstrap.kubernetes.names import PORT, Object, edge_urls, service_url
from observe.bootstrap.kubernetes.network import from_own_namespace, network_policy, services
from observe.bootstrap.kubernetes.render import cluster_files, external_parts, federated
from observe.bootstrap.kubernetes.settings import config_map, edge_values
from observe.bootstrap.operator.gate import CONFIG_KEY, GATE_PORT, gate_config
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.stack import Cluster, Stack
from observe.bootstrap.tiers import Tier, Tiers

#: The chart whose values these are; the keys exist in later versions too.
CHART = "kube-prometheus-stack"
#: Where the chart's pods also listen: the reloader.
_RELOADER_PORT = 8080


def render_helm(stack: Stack, tiers: Tiers) -> dict[str, str]:
    """Values for each cluster in `values/`, and in `clusters/` what the chart has not.

    The chart's Prometheus becomes the edge tier; the release lives in the stack's namespace. The
    external tier and Alertmanager of the home cluster are plain objects.

    Raises:
        InputError: the stack does not say how tiers reach one another.
    """
    files: dict[str, str] = {}
    for cluster in stack.clusters:
        config = edge_values(stack, cluster, tiers.edge.rules)
        values = chart_values(stack, config, tiers.edge)
        files[f"values/{cluster.name}.yaml"] = yaml_text([values], _head(stack, tiers.edge))
        parts = _edge(stack, cluster)
        if cluster.name == stack.home_cluster.name:
            edges = {each.name: _edge_urls(stack, each) for each in federated(stack)}
            parts |= external_parts(stack, cluster, tiers.external, edges)
        files |= cluster_files(stack, cluster, parts)
    return dict(sorted(files.items()))


def _edge_urls(stack: Stack, cluster: Cluster) -> list[str]:
    """The Service; names of the chart's pods depend on the release, so that a pair is asked as one.

    The Service goes on sending the external tier to the same one of the two.
    """
    if cluster.edge_url is None and cluster.name == stack.home_cluster.name:
        return [service_url(stack, "edge")]
    return edge_urls(stack, cluster)


def _edge(stack: Stack, cluster: Cluster) -> dict[str, list[Object]]:
    """The gate's configuration and Service, and who may reach the chart's Prometheus."""
    policy = network_policy(stack, cluster, "edge", GATE_PORT)
    return {
        "edge/gate.yaml": [config_map(stack, "edge", "gate", {CONFIG_KEY: gate_config(stack)})],
        "edge/service.yaml": services(stack, "edge", "gate")[:1],
        "edge/network.yaml": [from_own_namespace(policy, [PORT, _RELOADER_PORT])],
    }


def _head(stack: Stack, tier: Tier) -> tuple[str, ...]:
    size = tier.resources
    return (
        f"Values of the chart {CHART}, beside your own: helm upgrade -f yours -f this.",
        f"The release has to live in the namespace {stack.namespace}. Helm replaces lists as a",
        "whole: merge containers, volumes and additionalScrapeConfigs if you set them, too.",
        f"What this adds: {size.memory_request} of memory, {size.cpu_request} of CPU and about",
        f"{size.storage} of disk for {stack.edge.retention}.",
    )
