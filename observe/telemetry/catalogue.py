"""The catalogue of what is asked: every PromQL query that collecting sends, with its purpose.

Every query sums by *named* labels: Istio's scrape configuration copies all pod labels onto the
series, so that "without" keeps them apart. Reporters stay apart, and so do clusters.
"""

from __future__ import annotations

from observe.telemetry.autoscaler_entries import autoscaler_entries
from observe.telemetry.entry import (
    CONTAINER_LABELS,
    EDGE_LABELS,
    OUTCOME_LABELS,
    Entry,
    promql,
)
from observe.telemetry.envoy_entries import envoy_entries
from observe.telemetry.host_entries import host_entries
from observe.telemetry.istiod_entries import istiod_entries
from observe.telemetry.matchers import matches, selector
from observe.telemetry.resource_entries import (
    CPU_USAGE,
    PERIODS,
    THROTTLED,
    WORKING_SET,
    resource_entries,
    usage_entries,
)
from observe.telemetry.templates import (
    ContainerLabels,
    first_values,
    messages,
    per_container,
    pods,
    side_by_side,
    sum_of_increases,
)

__all__ = [
    "BUCKETS",
    "CONTAINER_LABELS",
    "COUNTED_REQUESTS",
    "CPU_USAGE",
    "EDGE_LABELS",
    "ENTRIES",
    "MESH_ENTRIES",
    "OUTCOME_LABELS",
    "REQUESTS",
    "WORKING_SET",
    "Entry",
    "container_entries",
    "promql",
]

REQUESTS = "istio_requests_total"
BUCKETS = "istio_request_duration_milliseconds_bucket"

_ALL_REPORTERS = (matches("reporter", "source|destination|waypoint"),)
#: Latency as clients see it; the server's own view would leave out queues and retries.
_CLIENT_SIDE = (matches("reporter", "source|waypoint"),)


#: Requests as the counters tell; where `increase` does not see first values, those come on top.
COUNTED_REQUESTS = sum_of_increases(REQUESTS, _ALL_REPORTERS)
_LATENCY_KEYS = (*EDGE_LABELS, *OUTCOME_LABELS)

#: What is asked of the proxies' own counters.
MESH_ENTRIES = (
    Entry(
        "requests",
        (REQUESTS,),
        "requests",
        "fine",
        "requests",
        "volume and outcomes over time, by reporter: error ratios, peaks, retries",
        (*EDGE_LABELS, *OUTCOME_LABELS),
        side_by_side(COUNTED_REQUESTS, first_values(REQUESTS, _ALL_REPORTERS)),
    ),
    Entry(
        "latency",
        (BUCKETS,),
        "latency",
        "coarse",
        "requests",
        "distribution of durations by outcome: quantiles, tails, what a timeout would cut",
        (*_LATENCY_KEYS, "le"),
        sum_of_increases(BUCKETS, _CLIENT_SIDE),
    ),
    Entry(
        "latency-sum",
        ("istio_request_duration_milliseconds_sum",),
        "latency_sum",
        "coarse",
        "milliseconds",
        "exact means, to check and to sharpen what buckets say",
        _LATENCY_KEYS,
        sum_of_increases("istio_request_duration_milliseconds_sum", _CLIENT_SIDE),
    ),
    Entry(
        "latency-count",
        ("istio_request_duration_milliseconds_count",),
        "latency_sum",
        "coarse",
        "requests",
        "number of the requests whose durations were summed",
        _LATENCY_KEYS,
        sum_of_increases("istio_request_duration_milliseconds_count", _CLIENT_SIDE),
    ),
    Entry(
        "messages",
        ("istio_request_messages_total", "istio_response_messages_total"),
        "messages",
        "coarse",
        "messages",
        "many messages a request mean a gRPC stream, which has no latency to learn from",
        (*EDGE_LABELS,),
        f"{messages('request', _ALL_REPORTERS)} or {messages('response', _ALL_REPORTERS)}",
    ),
    Entry(
        "coverage",
        (REQUESTS,),
        "coverage",
        "coarse",
        "samples",
        "scrapes that arrived, against those that should have: gaps lower the confidence",
        EDGE_LABELS,
        f"max by ($by) (count_over_time({selector(REQUESTS, _ALL_REPORTERS)}[$window]))",
    ),
)


def container_entries(labels: ContainerLabels | None = None) -> tuple[Entry, ...]:
    """What is asked of cAdvisor.

    Args:
        labels: how its series name pods and containers; as they do today when not given.
    """
    asked = (
        (
            "cpu",
            (CPU_USAGE,),
            "cores",
            "cores that a container uses over all pods",
            per_container("sum", "rate", CPU_USAGE, labels),
        ),
        (
            "cpu-throttled",
            (THROTTLED, PERIODS),
            "share",
            "CPU periods in which a container hit its limit",
            per_container("sum", "increase", THROTTLED, labels)
            + " / "
            + per_container("sum", "increase", PERIODS, labels),
        ),
        (
            "memory",
            (WORKING_SET,),
            "bytes",
            "working set of the largest pod, which is what the kernel kills by",
            per_container("max", "max_over_time", WORKING_SET, labels),
        ),
        (
            "pods",
            (WORKING_SET,),
            "pods",
            "number of pods that share the load at the end of the step",
            pods(WORKING_SET, labels),
        ),
    )
    return tuple(
        Entry(name, metrics, "containers", "coarse", unit, why, CONTAINER_LABELS, query, False)
        for name, metrics, unit, why, query in asked
    )


#: What is asked of raw series with today's names.
ENTRIES = (
    *(*MESH_ENTRIES, *host_entries(), *container_entries(), *envoy_entries()),
    *(*usage_entries(), *resource_entries(), *autoscaler_entries()),
    *istiod_entries(),
)
