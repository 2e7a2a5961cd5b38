"""Objects for the Prometheus Operator: the same stack, run by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.kubernetes.names import Component, Object, edge_urls
from observe.bootstrap.kubernetes.network import disruption_budget
from observe.bootstrap.kubernetes.rbac import edge_roles
from observe.bootstrap.kubernetes.render import (
    alertmanager_parts,
    cluster_files,
    common_parts,
    federated,
)
from observe.bootstrap.kubernetes.settings import checksum, config_map, edge_values, external_values
from observe.bootstrap.operator.gate import CONFIG_KEY, GATE_PORT, gate_config
from observe.bootstrap.operator.monitors import monitor
from observe.bootstrap.operator.prometheus import prometheus, rule, scrape_config
from observe.bootstrap.stack import Cluster, Stack
from observe.bootstrap.tiers import Tier, Tiers

#: What the operator finds through Services.
_BY_SERVICE = {"job_name": "services", "kubernetes_sd_configs": [{"role": "endpoints"}]}
#: What it puts before the name of a Prometheus to name its pods.
_POD_PREFIX = "prometheus-"


def render_operator(stack: Stack, tiers: Tiers) -> dict[str, str]:
    """Every file: `clusters/<cluster>/<tier>/<what>.yaml` and a kustomization a cluster.

    Alertmanager is a plain StatefulSet: under the operator its configuration would be a Secret,
    and nothing would ask for a password.

    Raises:
        InputError: the stack does not say how tiers reach one another.
    """
    files: dict[str, str] = {}
    for cluster in stack.clusters:
        parts = _edge(stack, cluster, tiers.edge)
        if cluster.name == stack.home_cluster.name:
            parts |= _external(stack, cluster, tiers.external)
            parts |= alertmanager_parts(stack, cluster)
        files |= cluster_files(stack, cluster, parts)
    return dict(sorted(files.items()))


def _edge(stack: Stack, cluster: Cluster, tier: Tier) -> dict[str, list[Object]]:
    config = edge_values(stack, cluster, tier.rules)
    jobs = kubernetes_jobs(stack)
    known = {job["job_name"] for job in jobs}
    parts = _tier(stack, cluster, "edge", config, tier)
    parts["edge/rbac.yaml"] += edge_roles(stack, [*jobs, _BY_SERVICE])
    parts["edge/monitors.yaml"] = [monitor(job, stack) for job in jobs]
    own = [job for job in config["scrape_configs"] if job["job_name"] not in known]
    parts["edge/scrape-configs.yaml"] = [scrape_config(stack, "edge", job) for job in own]
    if stack.edge.replicas > 1:
        parts["edge/disruption.yaml"] = [disruption_budget(stack, "edge")]
    return parts


def _external(stack: Stack, cluster: Cluster, tier: Tier) -> dict[str, list[Object]]:
    edges = {
        each.name: edge_urls(stack, each, pod_prefix=_POD_PREFIX, pod_port=GATE_PORT)
        for each in federated(stack)
    }
    config = external_values(stack, edges, tier.rules)
    parts = _tier(stack, cluster, "external", config, tier)
    parts["external/scrape-configs.yaml"] = [
        scrape_config(stack, "external", job) for job in config["scrape_configs"]
    ]
    return parts


def _tier(
    stack: Stack, cluster: Cluster, component: Component, config: Mapping[str, Any], tier: Tier
) -> dict[str, list[Object]]:
    gate = config_map(stack, component, "gate", {CONFIG_KEY: gate_config(stack)})
    return common_parts(stack, cluster, component, ("gate", GATE_PORT)) | {
        f"{component}/gate.yaml": [gate],
        f"{component}/prometheus.yaml": [
            prometheus(stack, component, config, tier.resources, checksum(gate))
        ],
        f"{component}/rules.yaml": [
            rule(stack, component, name, document) for name, document in sorted(tier.rules.items())
        ],
    }
