"""What sizes are judged by: usage of containers in fine steps, their settings and their restarts.

Usage is cAdvisor's. Settings and restarts are those of kube-state-metrics: with a label `resource`
today, in metrics of their own before 2.0; containers of native sidecars are init containers there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from observe.telemetry.entry import CONTAINER_LABELS, Entry
from observe.telemetry.matchers import equals, matches, selector
from observe.telemetry.templates import (
    ContainerLabels,
    exported,
    labelled,
    per_container,
    pods,
)

WORKING_SET = "container_memory_working_set_bytes"
CPU_USAGE = "container_cpu_usage_seconds_total"
PERIODS = "container_cpu_cfs_periods_total"
THROTTLED = "container_cpu_cfs_throttled_periods_total"
OOM_EVENTS = "container_oom_events_total"
RESTARTED = "kube_pod_container_status_restarts_total"
TERMINATED = "kube_pod_container_status_last_terminated_reason"

#: Settings: metric → (`resource`, `setting`); "" where the metric has a label `resource`.
_SETTINGS = {
    **{f"kube_pod_container_resource_{what}s": ("", what) for what in ("request", "limit")},
    **{
        f"kube_pod_container_resource_{what}s_{unit}": (resource, what)
        for what in ("request", "limit")
        for resource, unit in (("cpu", "cpu_cores"), ("memory", "memory_bytes"))
    },
}
_INIT = {name: name.replace("_container_", "_init_container_") for name in (*_SETTINGS, RESTARTED)}
_INIT |= {TERMINATED: TERMINATED.replace("_container_", "_init_container_")}
#: Every metric that settings and restarts may be read from.
METRICS = (*_SETTINGS, RESTARTED, TERMINATED, *_INIT.values(), OOM_EVENTS)

SETTING_LABELS = (*CONTAINER_LABELS, "resource", "setting")
#: What a row of restarts counts: `restart`, `killed` (a restart for want of memory), `oom` (the
#: kernel's own events).
EVENT_LABELS = (*CONTAINER_LABELS, "event")
_POD = "cluster, namespace, pod, container"


def usage_entries(labels: ContainerLabels | None = None) -> tuple[Entry, ...]:
    """Usage of containers in fine steps.

    Args:
        labels: how cAdvisor names pods and containers; as it does today when not given.
    """
    throttled, periods = (
        per_container("sum", "increase", metric, labels) for metric in (THROTTLED, PERIODS)
    )
    return (
        usage("usage-cpu", (CPU_USAGE,), per_container("sum", "rate", CPU_USAGE, labels)),
        usage("usage-busiest", (CPU_USAGE,), per_container("max", "rate", CPU_USAGE, labels)),
        usage(
            "usage-memory",
            (WORKING_SET,),
            per_container("max", "max_over_time", WORKING_SET, labels),
        ),
        usage("usage-throttled", (THROTTLED, PERIODS), f"{throttled} / {periods}"),
        usage("usage-pods", (WORKING_SET,), pods(WORKING_SET, labels)),
    )


#: Entry → (unit, what it is for).
_USAGE = {
    "usage-cpu": ("cores", "cores of all pods: what a request has to hold"),
    "usage-busiest": (
        "cores",
        "cores of the busiest pod: requests and limits are the same for all",
    ),
    "usage-memory": ("bytes", "highest working set of any pod: the kernel kills by it"),
    "usage-throttled": ("share", "periods in which a limit held a container back"),
    "usage-pods": ("pods", "pods that share the load"),
}


def usage(name: str, metrics: tuple[str, ...], template: str) -> Entry:
    """The entry of one column of the frame `usage`."""
    unit, why = _USAGE[name]
    return Entry(name, metrics, "usage", "fine", unit, why, CONTAINER_LABELS, template, False)


def resource_entries(names: Iterable[str] | None = None) -> tuple[Entry, ...]:
    """Settings, and restarts with their reason.

    Args:
        names: metrics that exist; all of them when not given.
    """
    known = frozenset(METRICS if names is None else names)
    settings = [m for m in (*_SETTINGS, *(_INIT[m] for m in _SETTINGS)) if m in known]
    events = {name: [m for m in found if m in known] for name, found in _EVENTS.items()}
    parts = {name: part for name in events if (part := _event(name, events))}
    found = []
    if settings:
        read = _workload(" or ".join(map(_setting, settings)))
        found.append(settings_entry(tuple(settings[:1]), f"max by ($by) ({read})"))
    if parts:
        read = _workload(" or ".join(parts.values()))
        first = events[next(iter(parts))][0]
        found.append(restarts_entry((first,), f"sum by ($by) ({read}) > 0"))
    return tuple(found)


def settings_entry(metrics: tuple[str, ...], template: str) -> Entry:
    """The entry of requests and limits."""
    return Entry(
        "resources",
        metrics,
        "resources",
        "coarse",
        "cores or bytes",
        "requests and limits as they are: what a change is a change of",
        SETTING_LABELS,
        template,
    )


def restarts_entry(metrics: tuple[str, ...], template: str) -> Entry:
    """The entry of restarts."""
    return Entry(
        "restarts",
        metrics,
        "restarts",
        "coarse",
        "restarts",
        "containers that ended, and whether memory was why: a limit that is too low",
        EVENT_LABELS,
        template,
    )


_EVENTS = {
    "restart": (RESTARTED, _INIT[RESTARTED]),
    "killed": (TERMINATED, _INIT[TERMINATED]),
    "oom": (OOM_EVENTS,),
}


def _workload(expression: str) -> str:
    return ContainerLabels().with_workload(expression)


def _setting(metric: str) -> str:
    today = {old: new for new, old in _INIT.items()}.get(metric, metric)
    resource, setting = _SETTINGS[today]
    chosen = [] if resource else [matches("resource", "cpu|memory")]
    found = exported(selector(metric, chosen))
    found = labelled(found, "resource", resource) if resource else found
    return labelled(found, "setting", setting)


def _event(name: str, found: Mapping[str, Sequence[str]]) -> str:
    """Events of each pod and container, with the name of the event as a label.

    Args:
        name: the event.
        found: event → metrics that exist.
    """
    if name == "oom":
        chosen = [selector(metric, ContainerLabels().matchers) for metric in found["oom"]]
        counted = _of_pods([f"increase({series}[$window])" for series in chosen])
    else:
        counted = _of_pods([f"increase({metric}{{}}[$window])" for metric in found["restart"]])
    if name == "killed" and counted:
        reason = [equals("reason", "OOMKilled")]
        ended = _of_pods([f"max_over_time({selector(m, reason)}[$window])" for m in found[name]])
        counted = f"({counted} and on ({_POD}) {ended} > 0)" if ended else ""
    return labelled(counted, "event", name) if counted else ""


def _of_pods(series: Sequence[str]) -> str:
    """The series by pod and container: several instances of kube-state-metrics tell the same."""
    return f"max by ({_POD}) ({exported(' or '.join(series))})" if series else ""
