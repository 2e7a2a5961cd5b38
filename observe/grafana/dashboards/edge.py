"""Edges: who calls whom, and how each pair fares."""

from __future__ import annotations

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import ERRORS, headline
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.outcomes import TIMEOUTS, with_flag
from observe.grafana.dashboards.panels import GREEN, RED, YELLOW, Query, bars, series
from observe.grafana.dashboards.promql import CLIENT, SERVER, total
from observe.grafana.dashboards.rows import codes, latencies, shape, tcp
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import CLUSTER, cluster, namespace, service, source

SCOPE = (
    CLUSTER,
    'destination_service_namespace=~"$namespace"',
    'destination_service=~"$service"',
    'source_workload=~"$source"',
)
SEEN, SERVED = CLIENT.within(*SCOPE), SERVER.within(*SCOPE)
EDGE = ("source_workload_namespace", "source_workload", "destination_service")
NAMES = "{{source_workload}} → {{destination_service}}"
AMPLIFIED = ((None, GREEN), (1.05, YELLOW), (1.2, RED))


def _edges() -> Line:
    return Line(
        11,
        [
            table(
                "Edges",
                "Each caller with each service it calls, as the caller sees it; the worst first. "
                "Tries: how often a request reaches a pod; 1.00 is good, more are retries, empty "
                "means that one side has no sidecar and nobody can tell.",
                [
                    Label("source_workload_namespace", "Namespace"),
                    Label("source_workload", "Caller", drill("observe-edge", source="Caller")),
                    Label(
                        "destination_service",
                        "Service",
                        drill("observe-service", service="Service"),
                    ),
                ],
                [
                    Value("Requests", q.requests(SEEN, EDGE), "reqps", decimals=2),
                    Value("Failures", q.failure_share(SEEN, EDGE), "percentunit", ERRORS, 2),
                    Value("Timeouts", q.share(SEEN, TIMEOUTS, EDGE), "percentunit", ERRORS, 2),
                    Value("p50", q.latency(SEEN, 0.5, EDGE), "ms"),
                    Value("p99", q.latency(SEEN, 0.99, EDGE), "ms"),
                    Value("Tries", q.tries_per_request(SEEN, SERVED, EDGE), "none", AMPLIFIED, 2),
                ],
                sort="Failures",
            )
        ],
    )


def _over_time() -> Section:
    gone = with_flag("DC")
    return Section(
        "Edges over time",
        [
            Line(
                9,
                [
                    series(
                        "Requests by edge",
                        "Requests per second. A line that goes to 0: a caller that went away.",
                        "reqps",
                        Query(q.requests(SEEN, EDGE), NAMES),
                    ),
                    series(
                        "Failures by edge",
                        "Share of requests that failed. One caller's line alone: its network, its "
                        "timeout or its version; all of a service's lines: the service.",
                        "percentunit",
                        Query(q.failure_share(SEEN, EDGE), NAMES),
                        steps=ERRORS,
                    ),
                    series(
                        "p99 latency by edge",
                        "Duration of successes. Callers of one service should see much the same.",
                        "ms",
                        Query(q.latency(SEEN, 0.99, EDGE), NAMES),
                    ),
                ],
            ),
            Line(
                8,
                [
                    bars(
                        "Callers that hang up",
                        "Share of requests that the caller broke off before the answer (flag DC). "
                        "Good: near 0. High: the caller's patience is shorter than the answer "
                        "takes; align its timeout with the service's.",
                        "percentunit",
                        Query(f"topk(10, {q.share(SEEN, gone, EDGE)})", NAMES),
                        steps=ERRORS,
                    ),
                    series(
                        "gRPC messages by edge",
                        "Messages in both directions. Many messages per request are streams, "
                        "which a timeout would cut. No lines: no gRPC here.",
                        "ops",
                        Query(q.messages(SEEN, "request", EDGE), f"{NAMES} requests"),
                        Query(q.messages(SEEN, "response", EDGE), f"{NAMES} responses"),
                    ),
                    series(
                        "New TCP connections by edge",
                        "Connections of plain TCP per second, opened and closed. Opened above "
                        "closed for long: a leak. No lines: no TCP here.",
                        "cps",
                        Query(
                            total(SEEN, "istio_tcp_connections_opened_total", EDGE),
                            f"{NAMES} opened",
                        ),
                        Query(
                            total(SEEN, "istio_tcp_connections_closed_total", EDGE),
                            f"{NAMES} closed",
                        ),
                    ),
                ],
            ),
        ],
        folded=True,
    )


def edge_board() -> Board:
    """Who calls whom."""
    return Board(
        "observe-edge",
        "Observe / Edges",
        "Who calls whom, and how each pair fares. Choose a caller, a service, or both.",
        [cluster(), namespace(), service(), source()],
        [
            Section(
                "",
                [
                    headline(SEEN, "callers saw them"),
                    Line(8, [*latencies(SEEN), codes(SEEN)]),
                    _edges(),
                ],
            ),
            _over_time(),
            Section("TCP", [Line(8, [tcp(SEEN)])], folded=True),
            shape(SEEN),
        ],
        [to("observe-resilience", "Resilience", "Timeouts, retries, circuit breakers")],
    )
