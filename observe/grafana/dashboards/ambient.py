"""Ambient mode: what ztunnels carry, what waypoints do with it."""

from __future__ import annotations

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.ambient_ztunnels import (
    CLOSED,
    NO_ZTUNNEL,
    OPENED,
    RECEIVED,
    SENT,
    ztunnels,
)
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import ERRORS, duration, failures, success, volume
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.panels import GREEN, RED, YELLOW, Query, series, stat
from observe.grafana.dashboards.promql import View, total
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import CLUSTER, cluster, namespace

_SCOPE = (CLUSTER, 'destination_service_namespace=~"$namespace"')
#: What waypoints themselves report; nobody else is added.
WAYPOINT = View("waypoint", False, ()).within(*_SCOPE)
#: TCP is reported at both ends; the client's end sees every connection that was tried.
TCP = View("source", False, ()).within(*_SCOPE)
SERVICE = ("destination_service_namespace", "destination_service")
_OFF = "Nothing here: no workload of this selection is in ambient mode."
FAILED = "istio_tcp_connections_failed_total"


def _now() -> Line:
    whose = f"waypoints saw them. {_OFF}"
    refused = stat(
        "Refused connections",
        "Connections per second that ztunnel refused (DENY: an authorization policy) or could not "
        f"make (CONNECT). Good: near 0. {NO_ZTUNNEL}",
        "cps",
        Query(total(TCP, FAILED)),
        steps=((None, GREEN), (0.1, YELLOW), (1, RED)),
        none="0",
    )
    opened = stat(
        "New connections",
        "TCP connections opened per second, sidecars' included where there are any.",
        "cps",
        Query(total(TCP, OPENED)),
    )
    first = [success(WAYPOINT, whose), volume(WAYPOINT, whose), failures(WAYPOINT)]
    return Line(4, [*first, duration(WAYPOINT, 0.99), opened, refused])


def _waypoints() -> list[Line]:
    names = "{{destination_service}}"
    return [
        Line(
            8,
            [
                series(
                    "Waypoints: requests by service",
                    f"Requests that waypoints handled. {_OFF}",
                    "reqps",
                    Query(q.requests(WAYPOINT, SERVICE), names),
                ),
                series(
                    "Waypoints: failures by service",
                    f"Share that failed. Good: below 0.1 %. {_OFF}",
                    "percentunit",
                    Query(q.failure_share(WAYPOINT, SERVICE), names),
                    steps=ERRORS,
                ),
                series(
                    "Waypoints: p99 latency by service",
                    f"Duration of successes. {_OFF}",
                    "ms",
                    Query(q.latency(WAYPOINT, 0.99, SERVICE), names),
                ),
            ],
        ),
        Line(
            9,
            [
                table(
                    "Services behind waypoints",
                    "As their waypoints see them; the worst first. A name opens the service. "
                    f"{_OFF}",
                    [
                        Label("destination_service_namespace", "Namespace"),
                        Label(
                            "destination_service",
                            "Service",
                            drill("observe-service", namespace="Namespace", service="Service"),
                        ),
                    ],
                    [
                        Value("Requests", q.requests(WAYPOINT, SERVICE), "reqps", decimals=2),
                        Value(
                            "Failures", q.failure_share(WAYPOINT, SERVICE), "percentunit", ERRORS, 2
                        ),
                        Value("p50", q.latency(WAYPOINT, 0.5, SERVICE), "ms"),
                        Value("p99", q.latency(WAYPOINT, 0.99, SERVICE), "ms"),
                    ],
                    sort="Failures",
                )
            ],
        ),
    ]


def _connections() -> Section:
    edge = ("source_workload", "destination_workload")
    names = "{{source_workload}} → {{destination_workload}}"
    return Section(
        "TCP connections",
        [
            Line(
                8,
                [
                    series(
                        "Connections by workload",
                        "Opened and closed per second at the client's "
                        f"end. Opened above closed for long: a leak. {NO_ZTUNNEL}",
                        "cps",
                        Query(total(TCP, OPENED, edge), f"{names} opened"),
                        Query(total(TCP, CLOSED, edge), f"{names} closed"),
                    ),
                    series(
                        "Bytes by workload",
                        f"Sent by the server and received by it, per second. {NO_ZTUNNEL}",
                        "Bps",
                        Query(total(TCP, RECEIVED, edge), f"{names} received"),
                        Query(total(TCP, SENT, edge), f"{names} sent"),
                    ),
                    series(
                        "Refused connections by reason",
                        "DENY: an authorization policy; CONNECT: "
                        f"the other side did not answer. Good: none. {NO_ZTUNNEL}",
                        "cps",
                        Query(
                            total(TCP, FAILED, ("response_flags", "destination_workload")),
                            "{{response_flags}} {{destination_workload}}",
                        ),
                    ),
                ],
            )
        ],
    )


def ambient() -> Board:
    """ztunnels and waypoints."""
    return Board(
        "observe-ambient",
        "Observe / Ambient",
        "What ztunnels carry and what waypoints do with it. ztunnel knows connections; only "
        "waypoints know requests.",
        [cluster(), namespace()],
        [Section("", [_now(), *_waypoints()]), _connections(), ztunnels()],
        [to("observe-mesh", "Mesh overview", "Sidecars and waypoints together")],
    )
