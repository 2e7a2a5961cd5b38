"""Objectives: how much may still fail, and how fast it is being spent."""

from __future__ import annotations

from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Board, Line, Section
from observe.grafana.dashboards.headline import GOOD
from observe.grafana.dashboards.links import drill, to
from observe.grafana.dashboards.outcomes import FAILURES, JUDGED
from observe.grafana.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Query,
    stat,
)
from observe.grafana.dashboards.promql import total
from observe.grafana.dashboards.slo_burn import (
    ALLOWED,
    BURN,
    BY,
    LEFT,
    RANGE,
    SEEN,
    bad_share,
    over_time,
)
from observe.grafana.dashboards.tables import Label, Value, table
from observe.grafana.dashboards.variables import choice, cluster, namespace, service
from observe.telemetry.catalogue import REQUESTS


def _now() -> Line:
    return Line(
        5,
        [
            stat(
                "Availability in this range",
                "Good answers among all that count, over the chosen time range. Good: above the "
                "objective. Clients that hung up and injected faults do not count.",
                "percentunit",
                Query(f"1 - ({bad_share(window=RANGE)})"),
                steps=GOOD,
                decimals=3,
                spark=False,
            ),
            stat(
                "Error budget left",
                "What may still fail in this range, as a share of the budget. At 0 the "
                "objective is "
                "missed: stop risky changes until it recovers.",
                "percentunit",
                Query(f"1 - ({bad_share(window=RANGE)}) / {ALLOWED}"),
                steps=LEFT,
                decimals=1,
                spark=False,
            ),
            stat(
                "Burn rate, last hour",
                "1 spends exactly the budget; 14.4 spends a month's in two days and pages. Good: "
                "below 1.",
                "none",
                Query(f"({bad_share(window='1h')}) / {ALLOWED}"),
                steps=BURN,
                decimals=2,
                spark=False,
            ),
            stat(
                "Services that missed the objective",
                "Services whose failures in this range exceed what the objective allows. Good: 0.",
                "short",
                Query(f"count(({bad_share(BY, window=RANGE)}) > {ALLOWED})"),
                steps=((None, GREEN), (1, RED)),
                none="0",
                spark=False,
            ),
            stat(
                "Answered within $bound ms",
                "Successes that were fast enough, over the chosen range; the bound is an upper end "
                "of a bucket, so the share is exact. Good: 99 % and more.",
                "percentunit",
                Query(f"1 - ({q.slow_share(SEEN, '$bound', window=RANGE)})"),
                steps=((None, RED), (0.95, ORANGE), (0.98, YELLOW), (0.99, GREEN)),
                decimals=3,
                spark=False,
            ),
            stat(
                "Requests that count",
                "Requests in this range that the objective speaks of. With a few hundred, one "
                "failure moves everything: do not read too much into it.",
                "short",
                Query(total(SEEN, REQUESTS, (), JUDGED, window=RANGE)),
                spark=False,
            ),
        ],
    )


def _services() -> Line:
    return Line(
        11,
        [
            table(
                "Error budget by service",
                "Over the chosen range; the service with the least left first. Red: the objective "
                "is missed. A name opens the service.",
                [
                    Label("cluster", "Cluster"),
                    Label(
                        "destination_service",
                        "Service",
                        drill("observe-service", service="Service"),
                    ),
                ],
                [
                    Value(
                        "Spent",
                        f"({bad_share(BY, window=RANGE)}) / {ALLOWED}",
                        "percentunit",
                        ((None, GREEN), (0.5, YELLOW), (0.75, ORANGE), (1, RED)),
                        1,
                    ),
                    Value(
                        "Left",
                        f"1 - ({bad_share(BY, window=RANGE)}) / {ALLOWED}",
                        "percentunit",
                        LEFT,
                        1,
                    ),
                    Value(
                        "Availability",
                        f"1 - ({bad_share(BY, window=RANGE)})",
                        "percentunit",
                        (),
                        3,
                    ),
                    Value(
                        "Failed",
                        total(SEEN, REQUESTS, BY, FAILURES, window=RANGE, zero=True),
                        "short",
                        (),
                        0,
                    ),
                    Value(
                        "Counted",
                        total(SEEN, REQUESTS, BY, JUDGED, window=RANGE),
                        "short",
                        (),
                        0,
                    ),
                    Value(
                        "Slow",
                        q.slow_share(SEEN, "$bound", BY, window=RANGE),
                        "percentunit",
                        ((None, GREEN), (0.01, YELLOW), (0.05, RED)),
                        3,
                    ),
                ],
                sort="Spent",
            )
        ],
    )


def slo() -> Board:
    """Error budgets."""
    objective = choice(
        "objective",
        "Objective",
        ("0.99", "0.995", "0.999", "0.9995", "0.9999"),
        "0.999",
        "Share of good answers that is promised",
    )
    bound = choice(
        "bound",
        "Fast is (ms)",
        ("100", "250", "500", "1000", "2500", "5000"),
        "1000",
        "An upper end of a bucket, in milliseconds",
    )
    return Board(
        "observe-slo",
        "Observe / Error budget",
        "How much may still fail in the chosen range, and who spends it how fast. Long ranges "
        "belong to the external tier.",
        [cluster(), namespace(), service(), objective, bound],
        [Section("", [_now(), _services()]), Section("Since when", over_time())],
        [to("observe-resilience", "Resilience", "Timeouts, retries, circuit breakers")],
        since="now-7d",
        refresh="5m",
    )
