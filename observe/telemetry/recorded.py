"""Recorded rates of a federated tier: their names, the rules that record them, how they are read.

The tier beside the proxies records rates, summed by named labels, and a second Prometheus federates
those. Sums of raw counters would not do: whenever a pod goes away the sum falls, which `rate()`
takes for a restart from zero. Names follow `level:metric:operation`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from observe.telemetry.catalogue import (
    BUCKETS,
    CONTAINER_LABELS,
    EDGE_LABELS,
    ENTRIES,
    OUTCOME_LABELS,
    REQUESTS,
    WORKING_SET,
    Entry,
)
from observe.telemetry.matchers import matches, selector
from observe.telemetry.templates import ContainerLabels

#: Span of the recorded rates. Whoever federates them must do so at least as often.
RATE_SECONDS = 300
#: A scrape has the time at which it began, and is stored when it ended: one that is under way
#: while a group is evaluated would be seen by later rules only, and buckets would not add up.
SETTLE_SECONDS = 10
#: How often the rules are evaluated, unless told otherwise.
EVALUATION_SECONDS = 60

#: Recorded at every evaluation of the edge tier's rules, with its moment as the value.
HEARTBEAT = "edge:evaluations:heartbeat"
HEARTBEAT_EXPRESSION = "vector(time())"
#: Entry that tells how many evaluations arrived in each step.
ARRIVED = "evaluations"

_EDGE_OUTCOME = (*EDGE_LABELS, *OUTCOME_LABELS)
_CPU = "container_cpu_usage_seconds_total"
_PERIODS = "container_cpu_cfs_periods_total"
_THROTTLED = "container_cpu_cfs_throttled_periods_total"


@dataclass(frozen=True)
class Recording:
    """One recording rule.

    Attributes:
        name: the recorded series.
        source: the raw metric that it stands for.
        expression: PromQL of the rule.
    """

    name: str
    source: str
    expression: str


def recorded_name(metric: str) -> str:
    """The name of the recorded rate of a counter: `workload:istio_requests:rate5m`."""
    return f"workload:{metric.removesuffix('_total')}:rate5m"


def _proxy_rate(metric: str, by: tuple[str, ...]) -> Recording:
    expression = f"sum by ({', '.join(by)}) (rate({metric}[5m] offset {SETTLE_SECONDS}s))"
    return Recording(recorded_name(metric), metric, expression)


def _container(name: str, source: str, aggregate: str, expression: str) -> Recording:
    labelled = ContainerLabels().with_workload(expression).replace("$$", "$")
    return Recording(name, source, f"{aggregate} by ({', '.join(CONTAINER_LABELS)}) ({labelled})")


def _container_rate(metric: str) -> Recording:
    series = selector(metric, ContainerLabels().matchers)
    return _container(
        recorded_name(metric), metric, "sum", f"rate({series}[5m] offset {SETTLE_SECONDS}s)"
    )


_WORKING_SET = selector(WORKING_SET, ContainerLabels().matchers)
MEMORY = "workload:container_memory_working_set_bytes:max"
PODS = "workload:container_pods:count"

#: Every series that is recorded. All belong into one group: rules of one group are evaluated at
#: the same moment, so that counts and buckets speak of the same requests.
RECORDINGS = (
    _proxy_rate(REQUESTS, _EDGE_OUTCOME),
    _proxy_rate(BUCKETS, (*_EDGE_OUTCOME, "le")),
    _proxy_rate("istio_request_duration_milliseconds_sum", _EDGE_OUTCOME),
    _proxy_rate("istio_request_duration_milliseconds_count", _EDGE_OUTCOME),
    _proxy_rate("istio_request_messages_total", EDGE_LABELS),
    _proxy_rate("istio_response_messages_total", EDGE_LABELS),
    _proxy_rate("istio_request_bytes_sum", EDGE_LABELS),
    _proxy_rate("istio_request_bytes_count", EDGE_LABELS),
    _proxy_rate("istio_response_bytes_sum", EDGE_LABELS),
    _proxy_rate("istio_response_bytes_count", EDGE_LABELS),
    _proxy_rate("istio_tcp_sent_bytes_total", EDGE_LABELS),
    _proxy_rate("istio_tcp_received_bytes_total", EDGE_LABELS),
    _proxy_rate("istio_tcp_connections_opened_total", EDGE_LABELS),
    _proxy_rate("istio_tcp_connections_closed_total", EDGE_LABELS),
    _container_rate(_CPU),
    _container_rate(_PERIODS),
    _container_rate(_THROTTLED),
    _container(MEMORY, WORKING_SET, "max", _WORKING_SET),
    _container(PODS, WORKING_SET, "count", _WORKING_SET),
)

#: Recorded name → raw metric that it stands for.
SOURCES = {recording.name: recording.source for recording in RECORDINGS}
RECORDED_REQUESTS = recorded_name(REQUESTS)


def recorded_entries(interval_seconds: float) -> tuple[Entry, ...]:
    """What is asked where recorded rates are all there is; the same frames as from counters.

    A rate at each of many moments, times their distance, adds up to the increase. Unlike a mean
    times the length of the step, that is right for workloads which exist only part of the step.

    Args:
        interval_seconds: distance of the samples of a recorded series.
    """
    templates = _templates(f"{interval_seconds:g}")
    arrived = Entry(
        ARRIVED,
        (HEARTBEAT,),
        "coverage",
        "fine",
        "evaluations",
        "evaluations of the rules that arrived: tells a gap in federation from no traffic",
        ("cluster",),
        f"sum by ($by) ($once(count_over_time({HEARTBEAT}[$half_open])))",
    )
    return (arrived, *_frames(templates))


def _frames(templates: dict[str, str]) -> tuple[Entry, ...]:
    return tuple(
        replace(
            entry,
            metrics=tuple(dict.fromkeys(_recorded_as(entry.name, m) for m in entry.metrics)),
            template=templates[entry.name],
        )
        for entry in ENTRIES
        if entry.name in templates
    )


def _recorded_as(entry: str, metric: str) -> str:
    return {"memory": MEMORY, "pods": PODS}.get(entry) or recorded_name(metric)


def _templates(interval: str) -> dict[str, str]:
    """Entry → PromQL over recorded series."""
    everyone, clients = "source|destination|waypoint", "source|waypoint"
    duration = "istio_request_duration_milliseconds"
    directions = (
        f"label_replace({_total(f'istio_{side}_messages_total', everyone, interval)}, "
        f'"direction", "{side}", "", "")'
        for side in ("request", "response")
    )
    samples = selector(RECORDED_REQUESTS, [matches("reporter", everyone)])
    cpu, throttled, periods = (
        f"sum by ($by) ($once(sum_over_time({recorded_name(metric)}[$half_open])))"
        for metric in (_CPU, _THROTTLED, _PERIODS)
    )
    return {
        "requests": _total(REQUESTS, everyone, interval),
        "latency": _total(BUCKETS, clients, interval),
        "latency-sum": _total(f"{duration}_sum", clients, interval),
        "latency-count": _total(f"{duration}_count", clients, interval),
        "messages": " or ".join(directions),
        "coverage": f"max by ($by) (count_over_time({samples}[$half_open]))",
        "cpu": f"{cpu} * {interval} / $seconds",
        "cpu-throttled": f"{throttled} / {periods}",
        "memory": f"max by ($by) ($once(max_over_time({MEMORY}[$window])))",
        "pods": f"sum by ($by) ($once({PODS}))",
    }


def _total(metric: str, reporters: str, interval: str) -> str:
    """What a recorded rate adds up to over the step."""
    series = selector(recorded_name(metric), [matches("reporter", reporters)])
    return f"sum by ($by) ($once(sum_over_time({series}[$half_open]))) * {interval}"


def rule_file(interval_seconds: int = EVALUATION_SECONDS) -> dict[str, Any]:
    """The rules as a Prometheus rule file, to be written as YAML (or JSON, which is YAML).

    Args:
        interval_seconds: how often they are evaluated; no more than `RATE_SECONDS`.
    """
    rules = [{"record": HEARTBEAT, "expr": HEARTBEAT_EXPRESSION}]
    rules += [{"record": r.name, "expr": r.expression} for r in RECORDINGS]
    group = {"name": "observe.rates", "interval": f"{interval_seconds}s", "rules": rules}
    return {"groups": [group]}
