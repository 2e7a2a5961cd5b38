"""What kube-state-metrics and cAdvisor add: requests, limits, restarts, replicas, autoscalers."""

from __future__ import annotations

import numpy as np

from observe.demo.containers import containers_of
from observe.demo.extra_shapes import Courses, Labels
from observe.demo.pods import pods_of
from observe.demo.truth import Truth, Workload


def kubernetes(courses: Courses, truth: Truth) -> None:
    """Settings and events of every workload."""
    for workload in truth.workloads:
        labels = {
            **{"cluster": workload.cluster, "namespace": workload.namespace},
            **{"job": "kube-state-metrics", "instance": "10.8.2.2:8080"},
        }
        _deployment(courses, workload, labels)
        if workload.containers:
            for slot in range(workload.replicas):
                _containers(courses, workload, labels, pods_of(workload, slot)[-1].name)


def _deployment(courses: Courses, workload: Workload, labels: Labels) -> None:
    named = labels | {"deployment": workload.name}
    courses.whole("kube_deployment_spec_replicas", named, workload.replicas, 0.0)
    courses.whole("kube_deployment_status_replicas_available", named, workload.replicas, 0.0)
    rollouts = 1 + sum(1 for _ in workload.rollouts)
    middle = courses.seconds[len(courses.seconds) // 2]
    courses.labels.append({"__name__": "kube_deployment_status_observed_generation", **named})
    courses.values.append(np.where(courses.seconds < middle, rollouts, rollouts + 1.0))
    if workload.replicas > 1:
        scaled = labels | {"horizontalpodautoscaler": workload.name}
        prefix = "kube_horizontalpodautoscaler"
        for field in ("status_current_replicas", "status_desired_replicas", "spec_min_replicas"):
            courses.whole(f"{prefix}_{field}", scaled, workload.replicas, 0.0)
        courses.whole(f"{prefix}_spec_max_replicas", scaled, 2 * workload.replicas, 0.0)


def _containers(courses: Courses, workload: Workload, labels: Labels, pod: str) -> None:
    for container in containers_of(workload):
        named = labels | {"pod": pod, "container": container.name}
        asked = {
            "cpu": (container.limit_cores or 1.0) / 4,
            "memory": container.base_bytes * 1.5,
        }
        most = {"cpu": container.limit_cores or 1.0, "memory": container.base_bytes * 2.5}
        for what, settings in (("requests", asked), ("limits", most)):
            for resource, value in settings.items():
                unit = {"cpu": "core", "memory": "byte"}[resource]
                metric = f"kube_pod_container_resource_{what}"
                resourced = named | {"resource": resource, "unit": unit}
                courses.gauge(metric, resourced, value, 0.0)
        courses.counter("kube_pod_container_status_restarts_total", named, 1e-6)
        courses.counter("container_oom_events_total", named | {"job": "kubelet-cadvisor"}, 0.0)
