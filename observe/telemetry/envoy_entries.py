"""What is asked of Envoy's own statistics of upstream clusters, where a mesh exposes them.

Istio leaves them out unless it is told otherwise. Which of them a workload shows is asked too: a
counter that stays at zero says something, one that is absent does not.
"""

from __future__ import annotations

from collections.abc import Iterable

from observe.telemetry.entry import Entry
from observe.telemetry.matchers import not_matches, selector
from observe.telemetry.templates import ContainerLabels, of_workload

CLUSTER_LABELS = ("cluster", "namespace", "workload", "cluster_name")
#: Name of an entry → statistic of Envoy that it reads; a column of the frame is named alike.
COUNTERS = {
    "envoy-retries": "upstream_rq_retry",
    "envoy-retry-successes": "upstream_rq_retry_success",
    "envoy-retry-overflows": "upstream_rq_retry_overflow",
    "envoy-pending-overflows": "upstream_rq_pending_overflow",
    "envoy-active-overflows": "upstream_rq_active_overflow",
    "envoy-cx-overflows": "upstream_cx_overflow",
    "envoy-ejections": "outlier_detection_ejections_enforced_total",
}
GAUGES = {
    "envoy-requests-active": "upstream_rq_active",
    "envoy-requests-pending": "upstream_rq_pending_active",
    "envoy-connections-active": "upstream_cx_active",
}
STATISTICS = COUNTERS | GAUGES
#: Which of these a workload's proxies show, by the name of the entry.
EXPOSED = "envoy-exposed"
_EXPOSED_LABELS = ("cluster", "namespace", "workload", "statistic")
#: Clusters of calls to others: not those of the proxy's own application, nor of istiod.
_OUTBOUND = (not_matches("cluster_name", "xds-grpc|inbound.*"),)


def metric_of(entry: str) -> str:
    """The metric of a statistic, by the name of its entry."""
    return f"envoy_cluster_{STATISTICS[entry]}"


def column_of(entry: str) -> str:
    """The column that an entry fills: `envoy-retry-successes` → `retry_successes`."""
    return entry.removeprefix("envoy-").replace("-", "_")


def envoy_entries(names: Iterable[str] | None = None) -> tuple[Entry, ...]:
    """One entry a statistic, and the one that tells which of them are exposed.

    Args:
        names: metrics that exist; all of them when not given.
    """
    known = None if names is None else set(names)
    there = {e: metric_of(e) for e in STATISTICS if known is None or metric_of(e) in known}
    if not there:
        return ()
    pods = ("cluster", "namespace", "pod")
    shown = [
        (entry, f"count by ({', '.join(pods)}) ({selector(metric, _OUTBOUND)})")
        for entry, metric in there.items()
    ]
    labelled = ContainerLabels().with_workload(labelled_by(shown))
    most = " or ".join(f"count({count})" for _, count in shown[:1])
    return (
        *(statistic(entry, (metric,), _template(entry)) for entry, metric in there.items()),
        exposed(tuple(there.values()), labelled, f"{most} * {len(there)}"),
    )


def statistic(entry: str, metrics: tuple[str, ...], template: str) -> Entry:
    """The entry of one statistic."""
    counted = entry in COUNTERS
    return Entry(
        entry,
        metrics,
        "envoy",
        "coarse",
        column_of(entry).split("_")[0],
        f"Envoy's {'count' if counted else 'highest gauge'} of {column_of(entry)}, by upstream "
        "cluster",
        CLUSTER_LABELS,
        template,
    )


def exposed(metrics: tuple[str, ...], shown: str, answer: str) -> Entry:
    """The entry that tells which statistics a workload's proxies show.

    Args:
        metrics: metrics that are looked for.
        shown: PromQL of what there is, with a label `statistic`.
        answer: see :class:`Entry`.
    """
    return Entry(
        EXPOSED,
        metrics,
        "envoy",
        "coarse",
        "proxies",
        "which of Envoy's statistics there are: one that is absent is not zero",
        _EXPOSED_LABELS,
        f"count by ($by) ({shown})",
        answer=answer,
    )


def labelled_by(queries: Iterable[tuple[str, str]]) -> str:
    """Several queries as one, each with the name of its entry as the label `statistic`."""
    return " or ".join(
        f'label_replace({query}, "statistic", "{entry}", "", "")' for entry, query in queries
    )


def _template(entry: str) -> str:
    counted = entry in COUNTERS
    aggregate, function = ("sum", "increase") if counted else ("max", "max_over_time")
    return of_workload(aggregate, function, selector(metric_of(entry), _OUTBOUND))
