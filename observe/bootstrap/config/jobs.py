"""What an edge tier scrapes in a cluster: one job for each kind of thing, one target for each pod.

All jobs over pods discover the same way, so that Prometheus watches the API server once for them.
Relabelling tells the kinds apart. Labels and ports are those of Istio's charts.
"""

from __future__ import annotations

from typing import Any

from observe.bootstrap.config import keep as metrics
from observe.bootstrap.config.relabel import (
    NODE,
    POD,
    Rule,
    alive,
    annotation,
    copy,
    drop,
    keep,
    label,
    pod_identity,
    pod_port,
    replace,
)
from observe.bootstrap.stack import Stack

Job = dict[str, Any]

SIDECARS = "istio-sidecars"
GATEWAYS = "istio-gateways"
WAYPOINTS = "istio-waypoints"
ZTUNNEL = "ztunnel"
ISTIOD = "istiod"
CADVISOR = "kubelet-cadvisor"
KUBE_STATE = "kube-state-metrics"

_KIND = "__tmp_observe_kind"
_AGENT_PORT = 15020
_ISTIOD_PORT = 15014
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
#: Istio's longest series has some 35 labels with the target's own.
_LABEL_LIMITS = {
    "label_limit": 64,
    "label_name_length_limit": 256,
    "label_value_length_limit": 2048,
}


def kubernetes_jobs(stack: Stack) -> list[Job]:
    """The scrape jobs of one edge tier, without that of Prometheus itself.

    Args:
        stack: `edge.keep`, `edge.sizes`, `edge.sample_limit`, `edge.verify_kubelet`,
            `istio_namespace` matter.
    """
    proxies = (*metrics.PROXIES, *(metrics.SIZES if stack.edge.sizes else ()))
    return [
        _proxies(SIDECARS, "sidecar", proxies, stack),
        _proxies(GATEWAYS, "gateway", proxies, stack),
        _proxies(WAYPOINTS, "waypoint", proxies, stack),
        _proxies(ZTUNNEL, "ztunnel", metrics.ZTUNNEL, stack),
        _istiod(stack),
        _cadvisor(stack),
        _kube_state(stack),
    ]


def _proxies(name: str, kind: str, names: tuple[str, ...], stack: Stack) -> Job:
    """The agent beside Envoy, which serves Envoy's metrics and its own.

    It is asked whatever the pod's `prometheus.io/scrape` says, which speaks of the application:
    where the agent serves those metrics too, the list of names drops them.
    """
    moved = annotation("status.sidecar.istio.io/port")
    return {
        "job_name": name,
        "metrics_path": "/stats/prometheus",
        "kubernetes_sd_configs": _pods(),
        "relabel_configs": [
            keep(f"{POD}container_name", "istio-proxy"),
            alive(),
            *_kind(),
            keep(_KIND, kind),
            *pod_port(_AGENT_PORT),
            {
                "source_labels": ["__address__", moved],
                "regex": r"(.+):\d+;(\d+)",
                "target_label": "__address__",
                "replacement": "$1:$2",
            },
            *pod_identity(),
        ],
        "metric_relabel_configs": _kept(names, stack),
        "sample_limit": stack.edge.sample_limit,
        **_LABEL_LIMITS,
    }


def _kind() -> list[Rule]:
    """What the container `istio-proxy` of a pod is; later rules overrule earlier ones."""

    def is_kind(source: str, regex: str, kind: str) -> Rule:
        return replace(source, regex, _KIND, kind)

    return [
        is_kind(f"{POD}container_name", ".+", "sidecar"),
        is_kind(label("istio"), ".*gateway", "gateway"),
        is_kind(annotation("inject.istio.io/templates"), ".*gateway.*", "gateway"),
        is_kind(label("gateway.networking.k8s.io/gateway-name"), ".+", "gateway"),
        is_kind(
            label("gateway.networking.k8s.io/gateway-class-name"), "istio-waypoint", "waypoint"
        ),
        is_kind(label("gateway.istio.io/managed"), "istio.io-mesh-controller", "waypoint"),
        is_kind(label("app"), "ztunnel", "ztunnel"),
    ]


def _istiod(stack: Stack) -> Job:
    return {
        "job_name": ISTIOD,
        "kubernetes_sd_configs": _pods(),
        "relabel_configs": [
            keep("__meta_kubernetes_namespace", stack.istio_namespace),
            keep(label("app"), "istiod"),
            keep(f"{POD}container_name", "discovery"),
            alive(),
            *pod_port(_ISTIOD_PORT),
            *pod_identity(),
        ],
        "metric_relabel_configs": _kept(metrics.ISTIOD, stack),
        "sample_limit": stack.edge.sample_limit,
        **_LABEL_LIMITS,
    }


def _cadvisor(stack: Stack) -> Job:
    """Containers, asked from each kubelet: no way through the API server, no right to proxy.

    Timestamps are taken at the scrape: with cAdvisor's own, series that ended stay for 5 minutes.
    """
    return {
        "job_name": CADVISOR,
        "scheme": "https",
        "metrics_path": "/metrics/cadvisor",
        "honor_labels": True,
        "honor_timestamps": False,
        "authorization": {"credentials_file": f"{_SERVICE_ACCOUNT}/token"},
        "tls_config": {
            "ca_file": f"{_SERVICE_ACCOUNT}/ca.crt",
            "insecure_skip_verify": not stack.edge.verify_kubelet,
        },
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [copy(f"{NODE}name", "node")],
        "metric_relabel_configs": [
            *_kept(metrics.CADVISOR, stack),
            # Sums over a pod or a node, which would count its containers once more.
            _named("container", "container_(cpu|memory|oom|spec|fs|start)_.*;"),
        ],
        **_LABEL_LIMITS,
    }


def _named(name: str, regex: str) -> Rule:
    """Drops series by metric and by one label, as `metric;value`."""
    return {"source_labels": ["__name__", name], "regex": regex, "action": "drop"}


def _kube_state(stack: Stack) -> Job:
    """Whichever kube-state-metrics is there; its series name other pods, so it keeps its labels."""
    return {
        "job_name": KUBE_STATE,
        "honor_labels": True,
        "kubernetes_sd_configs": _pods(),
        "relabel_configs": [
            keep(label("app.kubernetes.io/name"), "kube-state-metrics"),
            keep(f"{POD}container_port_number", "8080"),
            alive(),
        ],
        "metric_relabel_configs": _kept(metrics.KUBE_STATE, stack),
        **_LABEL_LIMITS,
    }


def _kept(names: tuple[str, ...], stack: Stack) -> list[Rule]:
    """The metrics that are stored; all of them when the stack says so."""
    if stack.edge.keep == "all":
        return []
    rules = [keep("__name__", metrics.regex(names))]
    if names[0] in metrics.ISTIO_CORE:
        rules.append(drop("cluster_name", "prometheus_stats|agent|sds-grpc"))
        rules.append(_named("cluster_name", f"({metrics.regex(metrics.XDS_DROPPED)});xds-grpc"))
    return rules


def _pods() -> list[dict[str, Any]]:
    return [{"role": "pod"}]
