"""The first line of a dashboard about requests: is it broken, how much is asked, how fast."""

from __future__ import annotations

from typing import Any

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Line
from observe.grafana.dashboards.outcomes import FAILURES, REFUSED
from observe.grafana.dashboards.panels import GREEN, ORANGE, RED, YELLOW, Query, Steps, stat
from observe.grafana.dashboards.promql import View, total
from observe.telemetry.catalogue import REQUESTS

ERRORS: Steps = ((None, GREEN), (0.001, YELLOW), (0.01, ORANGE), (0.05, RED))
GOOD: Steps = ((None, RED), (0.95, ORANGE), (0.99, YELLOW), (0.999, GREEN))
SOME: Steps = ((None, GREEN), (0.1, YELLOW), (1, RED))


def success(view: View, whose: str) -> Any:
    """Share of requests that did not fail."""
    return stat(
        "Success share",
        f"Requests that did not fail by the service's fault, as {whose}. Good: 99.9 % and more. "
        "Below: look at the codes and flags, and since when.",
        "percentunit",
        Query(q.success_share(view)),
        steps=GOOD,
        decimals=2,
    )


def volume(view: View, whose: str) -> Any:
    """Requests per second."""
    return stat(
        "Requests",
        f"Requests per second, as {whose}. A sudden drop is an outage as well.",
        "reqps",
        Query(q.requests(view)),
    )


def failures(view: View) -> Any:
    """Failures per second."""
    return stat(
        "Failures",
        "Server errors and timeouts per second, gRPC statuses included. Good: near 0.",
        "reqps",
        Query(total(view, REQUESTS, (), FAILURES, zero=True)),
        steps=SOME,
    )


def refused(view: View) -> Any:
    """4xx per second."""
    return stat(
        "Refused (4xx)",
        "Requests per second answered with 4xx: the caller's fault, often a wrong address or "
        "missing rights after a deployment.",
        "reqps",
        Query(total(view, REQUESTS, (), REFUSED, zero=True)),
    )


def duration(view: View, level: float) -> Any:
    """A quantile of latency."""
    name = f"p{100 * level:g}"
    return stat(
        f"{name} latency",
        f"{100 * level:g} of 100 successful requests were faster. Read from buckets: good to about "
        "half a bucket. Compare with its own course rather than with a fixed number.",
        "ms",
        Query(q.latency(view, level)),
    )


def headline(view: View, whose: str) -> Line:
    """Six numbers that answer the first question."""
    return Line(
        4,
        [
            success(view, whose),
            volume(view, whose),
            failures(view),
            refused(view),
            duration(view, 0.5),
            duration(view, 0.99),
        ],
    )
