"""Envoy's statistics as recorded rates and gauges of a federated tier: what is asked of them."""

from __future__ import annotations

from observe.telemetry.entry import Entry
from observe.telemetry.envoy_entries import (
    COUNTERS,
    STATISTICS,
    exposed,
    labelled_by,
    metric_of,
    statistic,
)
from observe.telemetry.recorded import recorded_name

_BY = "cluster, namespace, workload"


def recorded_as(entry: str) -> str:
    """The recorded series of a statistic, by the name of its entry.

    A counter is recorded as a rate over all proxies of the workload, a gauge as its highest proxy.
    """
    metric = metric_of(entry)
    return recorded_name(metric) if entry in COUNTERS else f"workload:{metric}:max"


def recorded_envoy(names: frozenset[str], interval_seconds: float) -> tuple[Entry, ...]:
    """The same entries as from the statistics themselves.

    Args:
        names: metrics that exist.
        interval_seconds: distance of the samples of a recorded series.
    """
    there = {entry: recorded_as(entry) for entry in STATISTICS if recorded_as(entry) in names}
    if not there:
        return ()
    shown = [(entry, f"count by ({_BY}) ({series})") for entry, series in there.items()]
    answer = f"count({shown[0][1]}) * {len(there)}"
    return (
        *(
            statistic(entry, (series,), _template(entry, series, f"{interval_seconds:g}"))
            for entry, series in there.items()
        ),
        exposed(tuple(there.values()), labelled_by(shown), answer),
    )


def _template(entry: str, series: str, interval: str) -> str:
    if entry in COUNTERS:
        return f"sum by ($by) ($once(sum_over_time({series}[$half_open]))) * {interval}"
    return f"max by ($by) ($once(max_over_time({series}[$window])))"
