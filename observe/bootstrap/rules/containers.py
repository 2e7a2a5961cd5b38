"""What is recorded of containers and of what Kubernetes was told about them.

CPU, throttling, working set and number of pods, which the analysis reads, are
`telemetry.recorded.RECORDINGS`; here is what right-sizing needs beside them.
"""

from __future__ import annotations

from observe.bootstrap.rules.make import SPAN, WINDOW, gauge, series_name, with_workload
from observe.bootstrap.rules.model import Recording
from observe.telemetry.catalogue import CONTAINER_LABELS

_BY = ", ".join(CONTAINER_LABELS)
_REAL = '{container!="",container!="POD"}'
_CPU = "container_cpu_usage_seconds_total"
_MEMORY = "container_memory_working_set_bytes"
_HPA = ("cluster", "namespace", "horizontalpodautoscaler")

_HPA_GAUGES = {
    "spec_min_replicas": "least replicas allowed",
    "spec_max_replicas": "most replicas allowed",
    "status_current_replicas": "replicas there are",
    "status_desired_replicas": "replicas wanted",
}


def containers() -> list[Recording]:
    """Usage of the busiest pod, restarts, OOM kills; requests, limits, replicas, autoscalers."""
    return [*_usage(), *_settings(), *_replicas()]


def _usage() -> list[Recording]:
    cpu = with_workload(f"rate({_CPU}{_REAL}{SPAN})")
    memory = with_workload(f"{_MEMORY}{_REAL}")
    oom = with_workload(f"increase(container_oom_events_total{_REAL}{SPAN})")
    restarts = with_workload(
        f"increase(kube_pod_container_status_restarts_total{SPAN})"
        f" or increase(kube_pod_init_container_status_restarts_total{SPAN})"
    )
    killed = with_workload(
        'kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}'
        ' or kube_pod_init_container_status_last_terminated_reason{reason="OOMKilled"}'
    )
    return [
        Recording(
            series_name("workload", _CPU, "max"),
            f"max by ({_BY}) ({cpu})",
            "CPU of the busiest pod (cores)",
        ),
        Recording(
            series_name("workload", _MEMORY, "sum"),
            f"sum by ({_BY}) ({memory})",
            "memory of all pods (bytes)",
        ),
        Recording(
            series_name("workload", "container_oom_events_total", f"increase{WINDOW}"),
            f"sum by ({_BY}) ({oom})",
            "processes killed for lack of memory",
        ),
        Recording(
            series_name(
                "workload", "kube_pod_container_status_restarts_total", f"increase{WINDOW}"
            ),
            f"sum by ({_BY}) ({restarts})",
            "containers restarted, native sidecars included",
        ),
        Recording(
            series_name("workload", "kube_pod_container_status_oom_killed", "sum"),
            f"sum by ({_BY}) ({killed})",
            "containers whose last end was an OOM kill",
        ),
    ]


def _settings() -> list[Recording]:
    """Requests and limits; native sidecars are init containers to Kubernetes."""
    found = []
    for what in ("requests", "limits"):
        both = with_workload(
            f"kube_pod_container_resource_{what} or kube_pod_init_container_resource_{what}"
        )
        found.append(
            Recording(
                series_name("workload", f"kube_pod_container_resource_{what}", "max"),
                f"max by ({_BY}, resource, unit) ({both})",
                f"{what} as they are set",
            )
        )
    return found


def _replicas() -> list[Recording]:
    replicas = [
        gauge(
            "workload",
            f"kube_{kind}_spec_replicas" if kind == "deployment" else f"kube_{kind}_replicas",
            "max",
            ("cluster", "namespace", kind),
            f"replicas that a {kind} asks for",
        )
        for kind in ("deployment", "statefulset")
    ]
    available = gauge(
        "workload",
        "kube_deployment_status_replicas_available",
        "max",
        ("cluster", "namespace", "deployment"),
        "replicas that serve",
    )
    generation = gauge(
        "workload",
        "kube_deployment_status_observed_generation",
        "max",
        ("cluster", "namespace", "deployment"),
        "changes when a deployment does: the marks on dashboards",
    )
    scalers = [
        gauge("workload", f"kube_horizontalpodautoscaler_{name}", "max", _HPA, purpose)
        for name, purpose in _HPA_GAUGES.items()
    ]
    target = gauge(
        "workload",
        "kube_horizontalpodautoscaler_spec_target_metric",
        "max",
        (*_HPA, "metric_name", "metric_target_type"),
        "what an autoscaler aims at",
    )
    return [*replicas, available, generation, *scalers, target]
