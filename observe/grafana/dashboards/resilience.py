"""Resilience: timeouts, retries, circuit breakers, outlier detection, response flags."""

from __future__ import annotations

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.edge import AMPLIFIED, EDGE
from observe.grafana.dashboards.headline import ERRORS
from observe.grafana.dashboards.infra import envoy
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.outcomes import LOST, TIMEOUTS, with_flag
from observe.grafana.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Query,
    series,
    stat,
    states,
)
from observe.grafana.dashboards.resilience_detail import (
    SEEN,
    SERVED,
    STATISTICS_OFF,
    UPSTREAM,
    breakers,
    retries,
)
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import cluster, namespace, service, source

RARE = ((None, GREEN), (0.0001, YELLOW), (0.001, ORANGE), (0.01, RED))


def _now() -> Line:
    flags = [
        (
            "Timed out",
            ("UT", "UMSDR"),
            "A timeout ended them (flag UT). Good: below the share that "
            "was accepted when the timeout was chosen, 0.1 % by default. More: it is too short, "
            "or the "
            "service too slow.",
        ),
        (
            "Circuit broken",
            ("UO",),
            "Refused because a connection pool's limit was reached (flag "
            "UO). Good: 0 in normal hours. More: the limit is too low, or the service too slow.",
        ),
        (
            "No healthy host",
            ("UH",),
            "No host left to send to (flag UH): all ejected or none ready. Good: 0.",
        ),
        (
            "Gave up retrying",
            ("URX",),
            "Failed after all tries (flag URX). Good: near 0. More: "
            "retries do not cure this failure, they only add load.",
        ),
    ]
    shares = [
        stat(
            f"{title} ({names[0]})",
            about,
            "percentunit",
            Query(q.share(SEEN, with_flag(*names))),
            steps=RARE,
            decimals=3,
        )
        for title, names, about in flags
    ]
    load = stat(
        "Load added by retries",
        "Tries beyond the first, over all pairs with a sidecar at both ends. Good: below 5 %. "
        "Above "
        "20 %: retries make an overload worse; find the edge below.",
        "percentunit",
        Query(q.extra_load(SEEN, SERVED)),
        steps=((None, GREEN), (0.05, YELLOW), (0.2, RED)),
        decimals=2,
    )
    ejected = stat(
        "Ejected hosts",
        "Hosts that outlier detection keeps out of use at this moment, at the proxy that sees "
        "most. "
        f"Good: 0, or what a rollout explains. {STATISTICS_OFF.replace('No lines', 'No number')}",
        "short",
        Query(
            "sum("
            + envoy(
                "outlier_detection_ejections_active",
                ("cluster_name",),
                scope=UPSTREAM,
                aggregate="max",
            )
            + ")"
        ),
        steps=((None, GREEN), (1, YELLOW), (5, RED)),
    )
    return Line(4, [*shares, load, ejected])


def _flags() -> Line:
    return Line(
        9,
        [
            series(
                "Response flags",
                "Requests per second that Envoy marked, by flag: UT timeout, UO circuit "
                "breaker, UH "
                "no healthy host, UF no connection, UC broken connection, URX out of retries, "
                "NR no "
                "route, DC caller gone, DI/FI injected faults. Good: nothing but a little DC.",
                "reqps",
                Query(
                    q.requests(SEEN.within('response_flags!~"-|"'), ("response_flags",)),
                    "{{response_flags}}",
                ),
                stacked=True,
                bars=True,
            ),
            states(
                "Since when: timeouts by service",
                "One band for each of the ten services that timed out most in this range: green "
                "below 0.1 % of requests. A band that never ends is a timeout that is too short.",
                "percentunit",
                Query(
                    _timed_out_most(),
                    "{{destination_service}}",
                ),
                steps=ERRORS,
            ),
        ],
    )


def _timed_out_most() -> str:
    by = ("destination_service",)
    most = f"topk(10, {q.share(SEEN.at_end, TIMEOUTS, by, window='$__range')})"
    return f"{q.share(SEEN, TIMEOUTS, by)} and on (destination_service) {most}"


def _edges() -> Line:
    values = [
        Value("Requests", q.requests(SEEN, EDGE), "reqps", decimals=2),
        Value("Lost", q.share(SEEN, LOST, EDGE), "percentunit", RARE, 3),
        Value("Timeouts", q.share(SEEN, TIMEOUTS, EDGE), "percentunit", RARE, 3),
        Value("Overflow", q.share(SEEN, with_flag("UO"), EDGE), "percentunit", RARE, 3),
        Value("Unhealthy", q.share(SEEN, with_flag("UH"), EDGE), "percentunit", RARE, 3),
        Value("Connect", q.share(SEEN, with_flag("UF"), EDGE), "percentunit", RARE, 3),
        Value("Tries", q.tries_per_request(SEEN, SERVED, EDGE), "none", AMPLIFIED, 2),
    ]
    return Line(
        10,
        [
            table(
                "Edges that suffer",
                "Share of each caller's requests that were lost: that a timeout cut, a circuit "
                "breaker refused, "
                "found no healthy host, or found no connection; and tries per request (1.00 is "
                "good; empty: a sidecar is missing at one end). Start where the colour is.",
                [
                    Label("source_workload_namespace", "Namespace"),
                    Label("source_workload", "Caller"),
                    Label(
                        "destination_service",
                        "Service",
                        drill("observe-edge", source="Caller", service="Service"),
                    ),
                ],
                values,
                sort="Lost",
            )
        ],
    )


def resilience() -> Board:
    """What protects callers, and what it costs."""
    return Board(
        "observe-resilience",
        "Observe / Resilience",
        "Timeouts, retries and what they add, circuit breakers, outlier detection, response flags.",
        [cluster(), namespace(), service(), source()],
        [Section("", [_now(), _flags(), _edges()]), retries(), breakers()],
        [to("observe-edge", "Edges", "Caller by caller")],
    )
