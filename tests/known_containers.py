"""Thirty hours of a few containers of which everything is known: usage, settings, restarts.

`web` has two pods, of which the second is busier; an hour of its day is special in each way that
sizes have to notice. `old` is told of by kube-state-metrics as it was before 2.0.
"""

from __future__ import annotations

import numpy as np
from known_proxies import Proxies, hour
from known_week import WEB
from numpy.typing import NDArray

QUIET, BUSY = "web-7d4b9c8f6d-x2z5k", "web-7d4b9c8f6d-k8s9d"
MIB = 2.0**20
APP = {"cluster": "east", "namespace": "shop", "container": "app"}


KSM = ("10.8.0.1:8080", "10.8.0.2:8080")


def mesh(instances: tuple[str, ...] = KSM) -> Proxies:
    """All of it, scraped once a minute; all instances of kube-state-metrics tell the same."""
    found = Proxies()
    requests(found)
    usage(found)
    settings(found)
    restarts(found, instances)
    autoscalers(found)
    return found


def requests(found: Proxies) -> None:
    """A mesh must have some."""
    running = 60.0 * np.arange(len(found.times_ms))
    own = {"pod": QUIET, "instance": "10.0.0.1:15020", "cluster": "east"}
    found.add("istio_requests_total", WEB | own, running)
    for part in ("count", "sum", "bucket"):
        more = {"le": "+Inf"} if part == "bucket" else {}
        found.add(f"istio_request_duration_milliseconds_{part}", WEB | own | more, running)


def usage(found: Proxies) -> None:
    """Cores 0.5 and 1.5, and 3.0 in the five minutes from 5:00; memory 100 and 200 MiB.

    The busy pod is at 300 MiB at 6:17 only, and held back in a tenth of its periods from 7:00
    to 7:05. The quiet one has no limit.
    """
    minutes = np.arange(len(found.times_ms))
    for pod, cores, memory in ((QUIET, 0.5, 100.0), (BUSY, 1.5, 200.0)):
        each = np.full(len(minutes), cores)
        bytes_ = np.full(len(minutes), memory * MIB)
        if pod == BUSY:
            # one scrape more on each side, so that all that a rate sees is as high
            each[hour(5) : hour(5, 6)] = 3.0
            bytes_[hour(6, 17)] = 300 * MIB
            _periods(found, minutes)
        own = APP | {"pod": pod}
        found.add("container_cpu_usage_seconds_total", own, (60.0 * each).cumsum())
        found.add("container_memory_working_set_bytes", own, bytes_)


def _periods(found: Proxies, minutes: NDArray[np.int64]) -> None:
    held = np.where((minutes >= hour(7)) & (minutes <= hour(7, 5)), 60.0, 0.0)
    own = APP | {"pod": BUSY}
    found.add("container_cpu_cfs_periods_total", own, 600.0 * (minutes + 1))
    found.add("container_cpu_cfs_throttled_periods_total", own, held.cumsum())


def settings(found: Proxies) -> None:
    """The memory limit is raised from 512 to 1024 MiB at 10:20; a native sidecar; old names."""
    minutes = np.arange(len(found.times_ms))
    always = np.ones(len(minutes))
    ksm = "kube_pod_container_resource_"
    for pod in (QUIET, BUSY):
        own = APP | {"pod": pod, "node": "n1"}
        raised = np.where(minutes < hour(10, 20), 512.0, 1024.0) * MIB
        for what, resource, values in (
            ("requests", "cpu", 0.25 * always),
            ("requests", "memory", 256 * MIB * always),
            ("limits", "cpu", 2.0 * always),
            ("limits", "memory", raised),
            ("limits", "ephemeral_storage", 5e9 * always),
        ):
            found.add(ksm + what, own | {"resource": resource}, values)
        sidecar = own | {"container": "istio-proxy", "resource": "cpu", "unit": "core"}
        found.add("kube_pod_init_container_resource_requests", sidecar, 0.1 * always)
    # scraped without honor_labels
    old = {"cluster": "east", "namespace": "monitoring", "pod": "ksm-0", "container": "ksm"}
    old |= {"exported_namespace": "shop", "exported_pod": "old-0", "exported_container": "main"}
    found.add(f"{ksm}requests_cpu_cores", old, 0.5 * always)
    gone = np.where(minutes < hour(20, 30), 128 * MIB, np.nan)
    found.add(f"{ksm}limits_memory_bytes", old, gone)


def restarts(found: Proxies, instances: tuple[str, ...]) -> None:
    """The busy pod is killed at 12:30 for want of memory; the quiet one fails twice from 15:10."""
    minutes = np.arange(len(found.times_ms))
    for ksm in instances:
        for pod, times in ((QUIET, (hour(15, 10), hour(15, 40))), (BUSY, (hour(12, 30),))):
            own = APP | {"pod": pod, "instance": ksm}
            count = sum(1.0 * (minutes >= at) for at in times)
            found.add("kube_pod_container_status_restarts_total", own, 4.0 + count)
        killed = np.where(minutes >= hour(12, 30), 1.0, np.nan)
        own = APP | {"pod": BUSY, "instance": ksm, "reason": "OOMKilled"}
        found.add("kube_pod_container_status_last_terminated_reason", own, killed)
    own = APP | {"pod": BUSY}
    found.add("container_oom_events_total", own, 1.0 * (minutes >= hour(12, 30)))


def autoscalers(found: Proxies) -> None:
    """From 2 to 4 replicas, at 4 from 9:00 until 12:00, at 3 from 20:00; two targets."""
    minutes = np.arange(len(found.times_ms))
    always = np.ones(len(minutes))
    busy = (minutes > hour(9)) & (minutes <= hour(12))
    replicas = np.where(busy, 4.0, np.where(minutes > hour(20), 3.0, 2.0))
    own = {"cluster": "east", "namespace": "shop", "horizontalpodautoscaler": "web-hpa"}
    prefix = "kube_horizontalpodautoscaler_"
    scaled = {"scaletargetref_kind": "Deployment", "scaletargetref_name": "web"}
    found.add(f"{prefix}info", own | scaled, always)
    found.add(f"{prefix}spec_min_replicas", own, 2 * always)
    found.add(f"{prefix}spec_max_replicas", own, 4 * always)
    found.add(f"{prefix}status_current_replicas", own, replicas)
    for metric, kind, value in (("cpu", "utilization", 70.0), ("rps", "average", 100.0)):
        target = {"metric_name": metric, "metric_target_type": kind}
        found.add(f"{prefix}spec_target_metric", own | target, value * always)
