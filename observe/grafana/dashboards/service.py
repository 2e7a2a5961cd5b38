"""One service: what its callers see, what its pods are given, and who calls."""

from __future__ import annotations

from typing import Any

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import headline
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.panels import Query, series
from observe.grafana.dashboards.promql import CLIENT, SERVER, View
from observe.grafana.dashboards.rows import codes, ends, latencies, security, shape, tcp
from observe.grafana.dashboards.variables import CLUSTER, cluster, namespace, service, source

SCOPE = (
    CLUSTER,
    'destination_service_namespace=~"$namespace"',
    'destination_service=~"$service"',
    'source_workload=~"$source"',
)
SEEN, SERVED = CLIENT.within(*SCOPE), SERVER.within(*SCOPE)
CALLER = ("source_workload_namespace", "source_workload")
POD = ("destination_workload_namespace", "destination_workload")


def both_sides() -> Section:
    """Callers' and servers' view beside one another: their difference is retries and network."""
    sides: list[tuple[str, View, str]] = [
        ("callers", SEEN, "as callers see it: retries hidden, waiting included"),
        ("servers", SERVED, "as pods see it: every try counts, the network does not"),
    ]
    return Section(
        "Callers' view beside the servers' view",
        [
            Line(
                8,
                [
                    _compare(
                        "Requests",
                        "reqps",
                        [(w, q.requests(v)) for w, v, _ in sides],
                        "A servers' line above the callers' line means retries.",
                    ),
                    _compare(
                        "Failures",
                        "percentunit",
                        [(w, q.failure_share(v)) for w, v, _ in sides],
                        "Failures that only callers see come from the network, from timeouts "
                        "or from circuit breakers; those that only servers see were retried.",
                    ),
                    _compare(
                        "p99 latency",
                        "ms",
                        [(w, q.latency(v, 0.99)) for w, v, _ in sides],
                        "Callers wait longer than pods work: queues, retries, the network.",
                    ),
                ],
            ),
        ],
    )


def _compare(title: str, unit: str, lines: list[tuple[str, str]], meaning: str) -> Any:
    about = f"{title} as callers see it and as the pods see it. {meaning}"
    return series(
        f"{title}: callers and servers", about, unit, *(Query(expr, who) for who, expr in lines)
    )


def service_board() -> Board:
    """Everything about one service."""
    caller = drill("observe-edge", source="Workload")
    pod = drill("observe-workload", namespace="Namespace", workload="Workload")
    return Board(
        "observe-service",
        "Observe / Service",
        "One service: what its callers see, what its pods are given, and who calls.",
        [cluster(), namespace(), service(), source()],
        [
            Section(
                "", [headline(SEEN, "callers saw them"), Line(8, [*latencies(SEEN), codes(SEEN)])]
            ),
            both_sides(),
            ends("Callers", SEEN, CALLER, caller, folded=True),
            ends("Pods", SERVED, POD, pod, folded=True),
            shape(SEEN),
            Section("TCP and security", [Line(8, [tcp(SEEN), security(SCOPE)])], folded=True),
        ],
        [
            to("observe-edge", "Edges", "Caller by caller"),
            to("observe-resilience", "Resilience", "Timeouts, retries, circuit breakers"),
        ],
    )
