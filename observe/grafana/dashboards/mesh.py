"""Mesh overview: is it broken, where, since when."""

from __future__ import annotations

from typing import Any

from observe.grafana.dashboards import headline
from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import ERRORS
from observe.grafana.dashboards.infra import build_versions
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.outcomes import FAILURES, REFUSED
from observe.grafana.dashboards.panels import GREEN, RED, Query, series, stat, states
from observe.grafana.dashboards.promql import CLIENT, SERVER, total
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import CLUSTER, cluster, namespace
from observe.telemetry.catalogue import REQUESTS

SCOPE = (CLUSTER, 'destination_service_namespace=~"$namespace"')
SEEN, SERVED = CLIENT.within(*SCOPE), SERVER.within(*SCOPE)
SERVICE = ("destination_service_namespace", "destination_service")
WORKLOAD = ("destination_workload_namespace", "destination_workload")


def _now() -> Line:
    whose = "callers saw them"
    broken = stat(
        "Failing services",
        "Services of which more than 1 % of requests fail and that are asked at least once in ten "
        "seconds. Good: 0. The table below names them.",
        "short",
        Query(_failing()),
        steps=((None, GREEN), (1, RED)),
    )
    first = [headline.success(SEEN, whose), broken, headline.failures(SEEN)]
    rest = [
        headline.volume(SEEN, whose),
        headline.duration(SEEN, 0.99),
        headline.refused(SEEN),
    ]
    return Line(4, [*first, *rest])


def _failing() -> str:
    failing = f"{q.failure_share(SEEN, SERVICE)} > 0.01"
    busy = f"{q.requests(SEEN, SERVICE)} > 0.1"
    return f"count(({failing}) and ({busy})) or vector(0)"


def _since() -> Line:
    return Line(
        9,
        [
            states(
                "Since when: failing services",
                "One band for each of the ten services that failed most in this time range: green "
                "below 0.1 % of requests, red above 5 %. Bands that turn red together have a cause "
                "in common: look at what they all call.",
                "percentunit",
                Query(_worst(), "{{destination_service}}"),
                steps=ERRORS,
            ),
            series(
                "Requests by outcome",
                "What became of the requests. Good: a flat line of failures at the bottom.",
                "reqps",
                Query(q.requests(SEEN), "all"),
                Query(total(SEEN, REQUESTS, (), FAILURES, zero=True), "failures"),
                Query(total(SEEN, REQUESTS, (), REFUSED, zero=True), "refused (4xx)"),
            ),
        ],
        (14, 10),
    )


def _worst() -> str:
    now = q.failure_share(SEEN, SERVICE)
    worst = f"topk(10, {q.failure_share(SEEN.at_end, SERVICE, window='$__range')})"
    return f"{now} and on ({', '.join(SERVICE)}) {worst}"


def _services() -> Section:
    open_service = drill("observe-service", namespace="Namespace", service="Service")
    return Section(
        "Services",
        [
            Line(
                11,
                [
                    table(
                        "Services",
                        "Every service as its callers see it; the worst first. A name opens the "
                        "service. Good: no colour.",
                        [
                            Label("destination_service_namespace", "Namespace"),
                            Label("destination_service", "Service", open_service),
                        ],
                        _golden(SEEN, SERVICE),
                        sort="Failures",
                    )
                ],
            )
        ],
    )


def _golden(view: Any, by: tuple[str, ...]) -> list[Value]:
    return [
        Value("Requests", q.requests(view, by), "reqps", decimals=2),
        Value("Failures", q.failure_share(view, by), "percentunit", ERRORS, 2),
        Value("p50", q.latency(view, 0.5, by), "ms"),
        Value("p90", q.latency(view, 0.9, by), "ms"),
        Value("p99", q.latency(view, 0.99, by), "ms"),
    ]


def _workloads() -> Section:
    open_workload = drill("observe-workload", namespace="Namespace", workload="Workload")
    names = [
        Label("destination_workload_namespace", "Namespace"),
        Label("destination_workload", "Workload", open_workload),
    ]
    tcp = [
        Value("Received", total(SEEN, "istio_tcp_received_bytes_total", WORKLOAD), "Bps"),
        Value("Sent", total(SEEN, "istio_tcp_sent_bytes_total", WORKLOAD), "Bps"),
        Value("Opened", total(SEEN, "istio_tcp_connections_opened_total", WORKLOAD), "cps"),
    ]
    return Section(
        "Workloads and TCP",
        [
            Line(
                10,
                [
                    table(
                        "HTTP and gRPC workloads",
                        "Every workload as its pods see it, retries included: tries that reached "
                        "a pod. A name opens the workload.",
                        names,
                        _golden(SERVED, WORKLOAD),
                        sort="Failures",
                    )
                ],
            ),
            Line(
                8,
                [
                    table(
                        "TCP workloads",
                        "Bytes and new connections of plain TCP. No rows: the mesh has no TCP "
                        "services, all its traffic is HTTP or gRPC.",
                        names,
                        tcp,
                    ),
                    build_versions(),
                ],
                (16, 8),
            ),
        ],
        folded=True,
    )


def mesh() -> Board:
    """The first dashboard that somebody opens."""
    return Board(
        "observe-mesh",
        "Observe / Mesh overview",
        "Is it broken, where, since when. Requests as callers see them: no request counts twice.",
        [cluster(), namespace()],
        [Section("", [_now(), _since()]), _services(), _workloads()],
        [to("observe-slo", "Error budget", "How much of the error budget is left")],
    )
