"""Values of the chart kube-prometheus-stack that make its Prometheus an edge tier.

Keys: values.yaml of the chart. Only what an edge tier needs is set: retention, storage and what
else the Prometheus of a cluster does stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.config.jobs import CADVISOR, KUBE_STATE
from observe.bootstrap.config.tiers import REPLICA_LABEL
from observe.bootstrap.kubernetes.names import PORT, Object, selector
from observe.bootstrap.kubernetes.pods import OUTSIDE_THE_MESH
from observe.bootstrap.operator.gate import gate_container, gate_volumes
from observe.bootstrap.operator.monitors import monitor
from observe.bootstrap.operator.prometheus import remote_write
from observe.bootstrap.stack import Stack
from observe.bootstrap.tiers import Tier

#: The chart scrapes these itself; scraped twice, containers would count twice.
_OF_THE_CHART = (CADVISOR, KUBE_STATE)


def chart_values(stack: Stack, config: Mapping[str, Any], tier: Tier) -> Object:
    """Values of one cluster.

    Args:
        stack: what is wanted.
        config: the edge tier's plain configuration in this cluster.
        tier: the edge tier's rules.
    """
    jobs = [job for job in kubernetes_jobs(stack) if job["job_name"] not in _OF_THE_CHART]
    interval = config["global"]["scrape_interval"]
    return {
        "additionalPrometheusRulesMap": {
            f"observe-edge-{name.rpartition('.')[0]}": dict(document)
            for name, document in sorted(tier.rules.items())
        },
        "prometheus": {
            "prometheusSpec": _spec(stack, config),
            "additionalPodMonitors": [_pod_monitor(monitor(job, stack), interval) for job in jobs],
        },
    }


def _spec(stack: Stack, config: Mapping[str, Any]) -> Object:
    pair = stack.edge.replicas > 1
    own: Object = {
        "job_name": OWN_JOB,
        "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}],
    }
    (plain,) = [job for job in config["scrape_configs"] if job["job_name"] == OWN_JOB]
    own["metric_relabel_configs"] = plain["metric_relabel_configs"]
    spec: Object = {
        "externalLabels": {"cluster": config["global"]["external_labels"]["cluster"]},
        "prometheusExternalLabelNameClear": True,
        "replicas": stack.edge.replicas,
        "podMetadata": {"labels": {**selector("edge"), **OUTSIDE_THE_MESH}},
        "containers": [gate_container(stack)],
        "volumes": gate_volumes(stack, "edge"),
        "additionalScrapeConfigs": [own],
    }
    if pair:
        spec["replicaExternalLabelName"] = REPLICA_LABEL
    else:
        spec["replicaExternalLabelNameClear"] = True
    if "remote_write" in config:
        spec["additionalRemoteWrite"] = [
            remote_write(stack, each) for each in config["remote_write"]
        ]
    return spec


def _pod_monitor(data: Object, interval: str) -> Object:
    """A PodMonitor as the chart takes it; the chart's own interval is longer."""
    spec = data["spec"]
    return {
        "name": data["metadata"]["name"],
        "selector": spec["selector"],
        "namespaceSelector": spec["namespaceSelector"],
        "sampleLimit": spec["sampleLimit"],
        "podMetricsEndpoints": [
            {"interval": interval, **endpoint} for endpoint in spec["podMetricsEndpoints"]
        ],
    }
