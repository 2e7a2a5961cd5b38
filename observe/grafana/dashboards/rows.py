"""Rows that several dashboards about requests have in common."""

from __future__ import annotations

from typing import Any

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.headline import ERRORS
from observe.grafana.dashboards.outcomes import FAILURES, SUCCESSES
from observe.grafana.dashboards.panels import Query, distribution, series
from observe.grafana.dashboards.promql import AUTO, View, total
from observe.grafana.dashboards.tables import Label, Value, table
from observe.telemetry.catalogue import BUCKETS, REQUESTS


def latencies(view: View) -> list[Any]:
    """Failures and latency over time: since when."""
    return [
        series(
            "Failures over time",
            "Share of requests that failed: since when it is broken. Good: below 0.1 %.",
            "percentunit",
            Query(q.failure_share(view), "failures"),
            steps=ERRORS,
        ),
        series(
            "Latency over time",
            "Duration of successes. Good: parallel lines. p99 that leaves p50 behind: some "
            "requests "
            "wait, for a lock, a queue or a slow instance.",
            "ms",
            Query(q.latency(view, 0.5), "p50"),
            Query(q.latency(view, 0.9), "p90"),
            Query(q.latency(view, 0.99), "p99"),
        ),
    ]


def codes(view: View) -> Any:
    """Requests by what came back."""
    return series(
        "Requests by code, gRPC status and flag",
        "What came back: HTTP code, gRPC status (0 is good) and Envoy's flag (- is none; UT: "
        "timeout, "
        "UO: circuit breaker, UF: no connection, UH: no healthy host, DC: the caller hung up).",
        "reqps",
        Query(
            q.requests(view, ("response_code", "grpc_response_status", "response_flags")),
            "{{response_code}} {{grpc_response_status}} {{response_flags}}",
        ),
        stacked=True,
    )


def tcp(view: View) -> Any:
    """Bytes of TCP in both directions."""
    return series(
        "TCP bytes",
        "Bytes of plain TCP connections: received by the service and sent by it. No lines: this "
        "service has no TCP traffic, only HTTP or gRPC.",
        "Bps",
        Query(total(view, "istio_tcp_received_bytes_total"), "received"),
        Query(total(view, "istio_tcp_sent_bytes_total"), "sent"),
    )


def ends(title: str, view: View, by: tuple[str, str], link: str, folded: bool) -> Section:
    """One line for each workload at one end of the requests."""
    names = f"{{{{{by[1]}}}}}.{{{{{by[0]}}}}}"
    who = Label(by[1], "Workload", link)
    return Section(
        title,
        [
            Line(
                9,
                [
                    table(
                        f"{title}: golden signals",
                        "One row for each workload; the worst first. Good: no colour. A name opens "
                        "the workload.",
                        [Label(by[0], "Namespace"), who],
                        [
                            Value("Requests", q.requests(view, by), "reqps", decimals=2),
                            Value("Failures", q.failure_share(view, by), "percentunit", ERRORS, 2),
                            Value("p50", q.latency(view, 0.5, by), "ms"),
                            Value("p90", q.latency(view, 0.9, by), "ms"),
                            Value("p95", q.latency(view, 0.95, by), "ms"),
                            Value("p99", q.latency(view, 0.99, by), "ms"),
                        ],
                        sort="Failures",
                    )
                ],
            ),
            Line(8, [*_over_time(title, view, by, names)]),
            Line(8, [*_sizes(title, view, by, names)]),
            Line(8, [*_tcp_by(title, view, by, names), _codes_by(title, view, by, names)]),
        ],
        folded=folded,
    )


def _over_time(title: str, view: View, by: tuple[str, str], names: str) -> list[Any]:
    return [
        series(
            f"{title}: requests",
            "Requests per second of each workload. Look for the one that changed.",
            "reqps",
            Query(q.requests(view, by), names),
        ),
        series(
            f"{title}: failures",
            "Share of each workload's requests that failed. Good: below "
            "0.1 %. One line up: that workload; all up: this service.",
            "percentunit",
            Query(q.failure_share(view, by), names),
            steps=ERRORS,
        ),
        series(
            f"{title}: p99 latency",
            "Duration of successes. One line up: that workload's path; all up: this service.",
            "ms",
            Query(q.latency(view, 0.99, by), names),
        ),
    ]


def _sizes(title: str, view: View, by: tuple[str, str], names: str) -> list[Any]:
    hint = (
        "Mean bytes on the wire, headers included: exact, where quantiles of sizes would only name "
        "a bucket. No lines: the size histograms are switched off (Telemetry API) or not recorded."
    )
    return [
        series(
            f"{title}: mean request size",
            hint,
            "bytes",
            Query(q.mean_size(view, "request", by), names),
        ),
        series(
            f"{title}: mean response size",
            hint,
            "bytes",
            Query(q.mean_size(view, "response", by), names),
        ),
        series(
            f"{title}: gRPC messages",
            "Messages in both directions; far more messages than "
            "requests are streams, which a timeout would cut. No lines: no gRPC here.",
            "ops",
            Query(q.messages(view, "request", by), f"{names} requests"),
            Query(q.messages(view, "response", by), f"{names} responses"),
        ),
    ]


def _tcp_by(title: str, view: View, by: tuple[str, str], names: str) -> list[Any]:
    none = "No lines: no plain TCP here."
    return [
        series(
            f"{title}: TCP bytes received",
            f"Bytes that the service received. {none}",
            "Bps",
            Query(total(view, "istio_tcp_received_bytes_total", by), names),
        ),
        series(
            f"{title}: TCP bytes sent",
            f"Bytes that the service sent. {none}",
            "Bps",
            Query(total(view, "istio_tcp_sent_bytes_total", by), names),
        ),
    ]


def _codes_by(title: str, view: View, by: tuple[str, str], names: str) -> Any:
    return series(
        f"{title}: requests by code and flag",
        "Requests by workload, code and Envoy's flag (- is none). A new line next to an old one: "
        "some of the requests began to fail.",
        "reqps",
        Query(
            q.requests(view, (*by, "response_code", "response_flags")),
            f"{names} {{{{response_code}}}} {{{{response_flags}}}}",
        ),
    )


def security(scope: tuple[str, ...]) -> Any:
    """Mutual TLS or not, as servers see it; callers' proxies always say unknown."""
    matchers = ", ".join(('reporter="destination"', *scope))
    speed = f"rate({REQUESTS}{{{matchers}}}[{AUTO}])"
    return series(
        "Mutual TLS",
        "Requests by the security of their connection, as servers see it: mutual_tls, or none. "
        "Good: nothing but mutual_tls. Only on an edge tier: the label is not recorded.",
        "reqps",
        Query(f"sum by (connection_security_policy) ({speed})", "{{connection_security_policy}}"),
        stacked=True,
    )


def shape(view: View) -> Section:
    """How durations are distributed: several ways through a service show as several bands."""
    return Section(
        "Shape of latency",
        [
            Line(
                9,
                [
                    distribution(
                        "Latency distribution",
                        "Successes by duration over time; each row is a bucket of Envoy's. Two "
                        "bands "
                        "are two kinds of requests, and a mean of them describes neither.",
                        "ms",
                        total(view, BUCKETS, ("le",), SUCCESSES),
                    ),
                    series(
                        "Latency of successes and failures",
                        "Failures that are faster than successes are refused; those at a round "
                        "number are cut by a timeout.",
                        "ms",
                        Query(q.mean_latency(view), "mean of successes"),
                        Query(q.latency(view, 0.5), "p50 of successes"),
                        Query(q.latency(view, 0.9), "p90 of successes"),
                        Query(q.latency(view, 0.99), "p99 of successes"),
                        Query(_failed(view, 0.99), "p99 of failures"),
                    ),
                ],
            )
        ],
        folded=True,
    )


def _failed(view: View, at: float) -> str:
    return f"histogram_quantile({at:g}, {total(view, BUCKETS, ('le',), FAILURES)})"
