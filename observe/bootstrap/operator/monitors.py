"""Scrape jobs as the operator's monitors, with the labels that the plain jobs give.

What a PodMonitor can say becomes one; kube-state-metrics and kubelets are found through their
Services; what names addresses becomes a ScrapeConfig.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.bootstrap.config.jobs import CADVISOR, ISTIOD, KUBE_STATE, Job
from observe.bootstrap.config.relabel import Rule, alive
from observe.bootstrap.kubernetes.names import Object, metadata
from observe.bootstrap.stack import Stack

_NAMES = {
    "source_labels": "sourceLabels",
    "target_label": "targetLabel",
}
_LIMITS = {
    "sample_limit": "sampleLimit",
    "label_limit": "labelLimit",
    "label_name_length_limit": "labelNameLengthLimit",
    "label_value_length_limit": "labelValueLengthLimit",
}


def monitor(job: Job, stack: Stack) -> Object:
    """The monitor of a job of the edge tier."""
    name = str(job["job_name"])
    if name == CADVISOR:
        return _service_monitor(job, stack, {"k8s-app": "kubelet"}, _kubelet(job))
    if name == KUBE_STATE:
        labels = {"app.kubernetes.io/name": "kube-state-metrics"}
        return _service_monitor(job, stack, labels, {"port": "http"})
    return _pod_monitor(job, stack)


def relabelings(rules: list[Rule]) -> list[Object]:
    """Rules of Prometheus in the operator's spelling."""
    return [{_NAMES.get(key, key): value for key, value in rule.items()} for rule in rules]


def limits(job: Mapping[str, Any]) -> Object:
    """Limits of a job in the operator's spelling."""
    return {theirs: job[ours] for ours, theirs in _LIMITS.items() if ours in job}


def _pod_monitor(job: Job, stack: Stack) -> Object:
    name = str(job["job_name"])
    everywhere: Object = {"any": True}
    only: Object = {"matchNames": [stack.istio_namespace]}
    # The operator leaves out pods that have ended, unless told otherwise.
    rules = [rule for rule in job["relabel_configs"] if rule != alive()]
    endpoint = {
        "path": job.get("metrics_path", "/metrics"),
        "relabelings": [*relabelings(rules), *_as_plain(name, "container|endpoint")],
        "metricRelabelings": relabelings(job["metric_relabel_configs"]),
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(f"observe-{name}", "edge", stack.namespace),
        "spec": {
            "namespaceSelector": only if name == ISTIOD else everywhere,
            "selector": {"matchLabels": {"app": "istiod"}} if name == ISTIOD else {},
            "podMetricsEndpoints": [endpoint],
            **limits(job),
        },
    }


def _service_monitor(job: Job, stack: Stack, labels: dict[str, str], endpoint: Object) -> Object:
    name = str(job["job_name"])
    endpoint = {
        **endpoint,
        "path": job.get("metrics_path", "/metrics"),
        "honorLabels": True,
        "relabelings": _as_plain(name, "container|endpoint|namespace|pod|service"),
        "metricRelabelings": relabelings(job["metric_relabel_configs"]),
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(f"observe-{name}", "edge", stack.namespace),
        "spec": {
            "namespaceSelector": {"any": True},
            "selector": {"matchLabels": labels},
            "endpoints": [endpoint],
            **limits(job),
        },
    }


def _kubelet(job: Job) -> Object:
    """How kubelets are asked; the operator itself keeps their Service up to date."""
    tls = job["tls_config"]
    return {
        "port": "https-metrics",
        "scheme": "https",
        "bearerTokenFile": job["authorization"]["credentials_file"],
        "tlsConfig": {
            "caFile": tls["ca_file"],
            "insecureSkipVerify": tls["insecure_skip_verify"],
        },
        "honorTimestamps": False,
    }


def _as_plain(name: str, added: str) -> list[Object]:
    """The name of the job, and without labels that the operator adds to those of the plain job."""
    return [
        {"targetLabel": "job", "replacement": name, "action": "replace"},
        {"regex": added, "action": "labeldrop"},
    ]
