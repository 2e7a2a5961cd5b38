"""The catalogue of what is asked: every PromQL query that collecting sends, with its purpose.

Every query sums by *named* labels: Istio's scrape configuration copies all pod labels onto the
series, so that "without" keeps them apart. Reporters stay apart, and so do clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Literal

from observe.telemetry.matchers import matches, not_equals, selector

#: Labels that make an edge, as Istio names them, with the three that tell the cluster.
EDGE_LABELS = (
    "cluster",
    "source_cluster",
    "destination_cluster",
    "reporter",
    "source_workload",
    "source_workload_namespace",
    "destination_service",
    "destination_service_namespace",
    "destination_workload",
    "destination_workload_namespace",
    "request_protocol",
)
OUTCOME_LABELS = ("response_code", "response_flags", "grpc_response_status")
CONTAINER_LABELS = ("cluster", "namespace", "workload", "container")

REQUESTS = "istio_requests_total"
BUCKETS = "istio_request_duration_milliseconds_bucket"
WORKING_SET = "container_memory_working_set_bytes"

_ALL_REPORTERS = (matches("reporter", "source|destination|waypoint"),)
#: Latency as clients see it; the server's own view would leave out queues and retries.
_CLIENT_SIDE = (matches("reporter", "source|waypoint"),)
#: cAdvisor also reports the pod's sandbox ("POD") and sums over the pod (no container).
_CONTAINERS = (not_equals("container", ""), not_equals("container", "POD"))

#: What Kubernetes draws generated name parts from (apimachinery, util/rand): no vowels, no 0 1 3.
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
#: Shapes of pod names, the most specific last: bare, StatefulSet, DaemonSet or Job, Deployment.
_POD_NAMES = ("(.*)", "(.+)-[0-9]+", f"(.+)-{_SAFE}{{5}}", f"(.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")

_SMALL_FIRST_VALUE = 10

Step = Literal["fine", "coarse"]


@dataclass(frozen=True)
class Entry:
    """One thing that is asked.

    Attributes:
        name: short name, used in the manifest when a piece of it is missing.
        metrics: metrics it needs; without one of them it is not asked.
        frame: frame that it feeds.
        step: which of the two steps it is read in.
        unit: unit of the values.
        why: what the numbers are needed for.
        by: labels that the answer is grouped by.
        template: PromQL; `$by`, `$window` and `$once` (see :func:`promql`) are filled in.
        positive: rows that are zero say nothing and are dropped.
    """

    name: str
    metrics: tuple[str, ...]
    frame: str
    step: Step
    unit: str
    why: str
    by: tuple[str, ...]
    template: str
    positive: bool = True


def promql(entry: Entry, window_seconds: int, replica_labels: Sequence[str] = ()) -> str:
    """The query of an entry, to be evaluated at the end of each step.

    Args:
        entry: what is asked.
        window_seconds: length of the step.
        replica_labels: labels that tell apart the Prometheus replicas that recorded the same
            series; the copies are averaged, so that none counts twice and a gap in one of them
            is bridged by the others.
    """
    once = f"avg without ({', '.join(replica_labels)}) " if replica_labels else ""
    return Template(entry.template).substitute(
        by=", ".join(entry.by), window=f"{window_seconds}s", once=once
    )


def _sum_of_increases(metric: str, matchers: Sequence[str]) -> str:
    return f"sum by ($by) ($once(increase({selector(metric, matchers)}[$window])))"


def _first_values(metric: str, matchers: Sequence[str]) -> str:
    """Requests that a counter held when it was first scraped, which `increase` cannot see.

    Each proxy starts a counter with its first request of a kind, so that rare outcomes would be
    counted too low by one or more for every pod. Only small first values are added: a series that
    comes back after a gap is no new one, and must not bring its whole past along.
    """
    series = selector(metric, matchers)
    small = f"min_over_time({series}[$window]) <= {_SMALL_FIRST_VALUE}"
    before = f"{series} offset $window"
    born = f"({small}) unless {before}"
    recorded = f"count({before})"  # at the start of all records every series would seem new
    return f"sum by ($by) ($once(({born}) and on () {recorded}))"


def _both(first: str, second: str) -> str:
    """The series of two queries; equal ones are told apart by `part`, to be added up later."""
    return " or ".join(
        f'label_replace({query}, "part", "{number}", "", "")'
        for number, query in enumerate((first, second), start=1)
    )


def _with_workload(expression: str) -> str:
    """The expression with a label `workload`, read from the shape of the pod's name."""
    for shape in _POD_NAMES:
        pattern = shape.replace("$", "$$")
        expression = f'label_replace({expression}, "workload", "$$1", "pod", "{pattern}")'
    return expression


def _per_container(aggregate: str, function: str, metric: str) -> str:
    inner = f"$once({function}({selector(metric, _CONTAINERS)}[$window]))"
    return f"{aggregate} by ($by) ({_with_workload(inner)})"


def _messages(direction: str) -> str:
    metric = f"istio_{direction}_messages_total"
    total = _sum_of_increases(metric, _ALL_REPORTERS)
    return f'label_replace({total}, "direction", "{direction}", "", "")'


_LATENCY_KEYS = (*EDGE_LABELS, *OUTCOME_LABELS)

ENTRIES = (
    Entry(
        "requests",
        (REQUESTS,),
        "requests",
        "fine",
        "requests",
        "volume and outcomes over time, by reporter: error ratios, peaks, retries",
        (*EDGE_LABELS, *OUTCOME_LABELS),
        _both(
            _sum_of_increases(REQUESTS, _ALL_REPORTERS),
            _first_values(REQUESTS, _ALL_REPORTERS),
        ),
    ),
    Entry(
        "latency",
        (BUCKETS,),
        "latency",
        "coarse",
        "requests",
        "distribution of durations by outcome: quantiles, tails, what a timeout would cut",
        (*_LATENCY_KEYS, "le"),
        _sum_of_increases(BUCKETS, _CLIENT_SIDE),
    ),
    Entry(
        "latency-sum",
        ("istio_request_duration_milliseconds_sum",),
        "latency_sum",
        "coarse",
        "milliseconds",
        "exact means, to check and to sharpen what buckets say",
        _LATENCY_KEYS,
        _sum_of_increases("istio_request_duration_milliseconds_sum", _CLIENT_SIDE),
    ),
    Entry(
        "latency-count",
        ("istio_request_duration_milliseconds_count",),
        "latency_sum",
        "coarse",
        "requests",
        "number of the requests whose durations were summed",
        _LATENCY_KEYS,
        _sum_of_increases("istio_request_duration_milliseconds_count", _CLIENT_SIDE),
    ),
    Entry(
        "messages",
        ("istio_request_messages_total", "istio_response_messages_total"),
        "messages",
        "coarse",
        "messages",
        "many messages a request mean a gRPC stream, which has no latency to learn from",
        (*EDGE_LABELS,),
        f"{_messages('request')} or {_messages('response')}",
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
    Entry(
        "cpu",
        ("container_cpu_usage_seconds_total",),
        "containers",
        "coarse",
        "cores",
        "cores that a container uses over all pods",
        CONTAINER_LABELS,
        _per_container("sum", "rate", "container_cpu_usage_seconds_total"),
        positive=False,
    ),
    Entry(
        "cpu-throttled",
        ("container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total"),
        "containers",
        "coarse",
        "share",
        "CPU periods in which a container hit its limit",
        CONTAINER_LABELS,
        _per_container("sum", "increase", "container_cpu_cfs_throttled_periods_total")
        + " / "
        + _per_container("sum", "increase", "container_cpu_cfs_periods_total"),
        positive=False,
    ),
    Entry(
        "memory",
        (WORKING_SET,),
        "containers",
        "coarse",
        "bytes",
        "working set of the largest pod, which is what the kernel kills by",
        CONTAINER_LABELS,
        _per_container("max", "max_over_time", WORKING_SET),
        positive=False,
    ),
    Entry(
        "pods",
        (WORKING_SET,),
        "containers",
        "coarse",
        "pods",
        "number of pods that share the load at the end of the step",
        CONTAINER_LABELS,
        f"count by ($by) ({_with_workload(f'$once({selector(WORKING_SET, _CONTAINERS)})')})",
        positive=False,
    ),
)
