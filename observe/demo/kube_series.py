"""kube-state-metrics' series for the demo's containers: settings, restarts, autoscalers.

The kernel's kills, which cAdvisor counts, are here too: they are restarts for want of memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.demo.containers import Container, ages, containers_of
from observe.demo.habits import Autoscaler
from observe.demo.labels import Labels, container_labels
from observe.demo.pods import Pod, pods_of
from observe.demo.truth import Truth, Workload

Floats = NDArray[np.float64]

_SCRAPED = {"job": "kube-state-metrics", "instance": "10.8.2.2:8080"}
_UNITS = {"cpu": "core", "memory": "byte"}


class KubeState:
    """All series; days may be asked for in any order.

    Args:
        truth: the mesh, told when its window starts.
        interval: scrape interval in seconds.
    """

    def __init__(self, truth: Truth, interval: int) -> None:
        self._workloads = [w for w in truth.workloads if w.containers]
        self._interval = interval

    def day(self, day: int) -> tuple[list[Labels], Floats]:
        """Labels and values, shape (N, T), of all series that exist during a day (0, 1, ...)."""
        found = _Series(24 * day + np.arange(86_400 // self._interval) * self._interval / 3600)
        for workload in self._workloads:
            for slot in range(workload.replicas):
                for pod in pods_of(workload, slot):
                    for container in containers_of(workload):
                        found.container(workload, pod, container)
            scaler = autoscaler_of(workload)
            if scaler is not None:
                found.autoscaler(workload, scaler)
        values = np.array(found.values) if found.values else np.zeros((0, len(found.hours)))
        return found.labels, values


def autoscaler_of(workload: Workload) -> Autoscaler | None:
    """The autoscaler of a workload, which has several replicas unless it is said otherwise."""
    if workload.habits.autoscaler is not None or workload.replicas == 1:
        return workload.habits.autoscaler
    return Autoscaler(workload.replicas, 2 * workload.replicas)


class _Series:
    """Series that are being collected for some hours, shape (T,)."""

    def __init__(self, hours: Floats) -> None:
        self.hours = hours
        self.labels: list[Labels] = []
        self.values: list[Floats] = []

    def container(self, workload: Workload, pod: Pod, container: Container) -> None:
        """Settings of one container of a pod, and how often it ended."""
        alive = (self.hours >= pod.first_hour) & (self.hours < pod.end_hour)
        if not alive.any():
            return
        own = _told(workload) | {"pod": pod.name, "container": container.name}
        for metric, resource, value in settings_of(container):
            more = {"resource": resource, "unit": _UNITS[resource]}
            name = f"kube_pod_container_resource_{metric}s"
            self._add(name, own | more, np.where(alive, value, np.nan))
        kills = np.where(alive, container.kills(ages(workload, self.hours)), np.nan)
        self._add("kube_pod_container_status_restarts_total", own, kills)
        events = container_labels(workload, pod, container.name)
        self._add("container_oom_events_total", events, kills)
        if np.nanmax(kills) > 0:
            reason = own | {"reason": "OOMKilled"}
            name = "kube_pod_container_status_last_terminated_reason"
            self._add(name, reason, np.where(kills > 0, 1.0, np.nan))

    def autoscaler(self, workload: Workload, scaler: Autoscaler) -> None:
        """One HorizontalPodAutoscaler; the number of replicas stays what it is."""
        own = _told(workload) | {"horizontalpodautoscaler": workload.name}
        target = {"metric_name": "cpu", "metric_target_type": "utilization"}
        scaled = {"scaletargetref_kind": "Deployment", "scaletargetref_name": workload.name}
        for field, more, value in (
            ("info", scaled, 1.0),
            ("spec_min_replicas", {}, scaler.min_replicas),
            ("spec_max_replicas", {}, scaler.max_replicas),
            ("spec_target_metric", target, scaler.utilization),
            ("status_current_replicas", {}, workload.replicas),
            ("status_desired_replicas", {}, workload.replicas),
        ):
            name = f"kube_horizontalpodautoscaler_{field}"
            self._add(name, own | more, np.full(len(self.hours), float(value)))

    def _add(self, name: str, labels: Labels, values: Floats) -> None:
        self.labels.append({"__name__": name, **labels})
        self.values.append(values)


def settings_of(container: Container) -> list[tuple[str, str, float]]:
    """What is set for a container: `request` or `limit`, resource, cores or bytes."""
    settings = [
        ("request", "cpu", container.request_cores),
        ("request", "memory", container.request_bytes),
        ("limit", "memory", container.limit_bytes),
    ]
    if container.limit_cores is not None:
        settings.append(("limit", "cpu", container.limit_cores))
    return settings


def _told(workload: Workload) -> Labels:
    return {"cluster": workload.cluster, "namespace": workload.namespace, **_SCRAPED}
