"""Usage, settings and restarts as recorded series of a federated tier: what is asked of them."""

from __future__ import annotations

from observe.telemetry.entry import Entry
from observe.telemetry.matchers import matches, selector
from observe.telemetry.recorded import MEMORY, PODS, RATE_SECONDS, recorded_name
from observe.telemetry.resource_entries import (
    CPU_USAGE,
    PERIODS,
    THROTTLED,
    restarts_entry,
    settings_entry,
    usage,
)
from observe.telemetry.steps import fine_step
from observe.telemetry.templates import labelled

BUSIEST = "workload:container_cpu_usage_seconds:max"
SETTINGS = {
    "workload:kube_pod_container_resource_requests:max": "request",
    "workload:kube_pod_container_resource_limits:max": "limit",
}
RESTARTS = "workload:kube_pod_container_status_restarts:increase5m"
KILLED = "workload:kube_pod_container_status_oom_killed:sum"
OOM = "workload:container_oom_events:increase5m"
_KEYS = "cluster, namespace, workload, container"


def recorded_resources(names: frozenset[str], interval_seconds: float) -> tuple[Entry, ...]:
    """The same entries as from what was recorded.

    Args:
        names: metrics that exist.
        interval_seconds: distance of the samples of a recorded series.
    """
    return (
        *_usage(interval_seconds),
        *_settings([name for name in SETTINGS if name in names]),
        *_restarts(names, f"{interval_seconds:g}"),
    )


def _usage(interval_seconds: float) -> tuple[Entry, ...]:
    """Usage in fine steps.

    A rate that spans as long as a step speaks of that step at its end; a mean over the step would
    speak of the step before, too, and flatten peaks. Longer steps hold several rates.
    """
    function = "last" if fine_step(interval_seconds) <= RATE_SECONDS else "avg"

    def rate(aggregate: str, series: str) -> str:
        return f"{aggregate} by ($by) ($once({function}_over_time({series}[$window])))"

    cpu, periods, throttled = (recorded_name(m) for m in (CPU_USAGE, PERIODS, THROTTLED))
    return (
        usage("usage-cpu", (cpu,), rate("sum", cpu)),
        usage("usage-busiest", (BUSIEST,), rate("max", BUSIEST)),
        usage("usage-memory", (MEMORY,), f"max by ($by) ($once(max_over_time({MEMORY}[$window])))"),
        usage(
            "usage-throttled",
            (throttled, periods),
            f"{rate('sum', throttled)} / {rate('sum', periods)}",
        ),
        usage("usage-pods", (PODS,), f"sum by ($by) ($once({PODS}))"),
    )


def _settings(found: list[str]) -> tuple[Entry, ...]:
    if not found:
        return ()
    chosen = [matches("resource", "cpu|memory")]
    parts = [labelled(selector(name, chosen), "setting", SETTINGS[name]) for name in found]
    return (settings_entry(tuple(found[:1]), f"max by ($by) ({' or '.join(parts)})"),)


def _restarts(names: frozenset[str], interval: str) -> tuple[Entry, ...]:
    """Increases over five minutes, added up over their moments.

    Which pod ended for want of memory was not recorded: all restarts count as that while one of
    the workload's containers last ended so.
    """

    def counted(series: str) -> str:
        each = f"sum by ({_KEYS}) ($once(sum_over_time({series}[$half_open])))"
        return f"({each} * {interval} / {RATE_SECONDS})"

    parts = []
    if RESTARTS in names:
        parts.append(labelled(counted(RESTARTS), "event", "restart"))
        if KILLED in names:
            ended = f"max by ({_KEYS}) (max_over_time({KILLED}[$window]))"
            killed = f"({counted(RESTARTS)} and on ({_KEYS}) {ended} > 0)"
            parts.append(labelled(killed, "event", "killed"))
    if OOM in names:
        parts.append(labelled(counted(OOM), "event", "oom"))
    if not parts:
        return ()
    first = RESTARTS if RESTARTS in names else OOM
    return (restarts_entry((first,), f"sum by ($by) ({' or '.join(parts)}) > 0"),)
