"""How fast error budgets are spent, over time."""

from __future__ import annotations

from observe.bootstrap.alerts.slo_series import ratio as recorded_ratio
from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Line
from observe.grafana.dashboards.outcomes import FAILURES, JUDGED
from observe.grafana.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Query,
    series,
    states,
)
from observe.grafana.dashboards.promql import CLIENT
from observe.grafana.dashboards.variables import CLUSTER

SEEN = CLIENT.within(
    CLUSTER, 'destination_service_namespace=~"$namespace"', 'destination_service=~"$service"'
)
BY = ("cluster", "destination_service")
RANGE = "$__range"
ALLOWED = "(1 - $objective)"
LEFT = ((None, RED), (0, ORANGE), (0.25, YELLOW), (0.5, GREEN))
#: Where the pages of the SRE workbook begin: 14.4 over an hour, 6 over six hours.
BURN = ((None, GREEN), (1, YELLOW), (6, ORANGE), (14.4, RED))


def bad_share(by: tuple[str, ...] = (), *, window: str) -> str:
    """Failures among the requests that an objective speaks of."""
    return q.share(SEEN, FAILURES, by, among=JUDGED, window=window)


def burn(window: str) -> str:
    """Speed of spending: 1 spends exactly the budget, by service; recorded where it is."""
    scope = f'{CLUSTER}, destination_service=~"$service"'
    recorded = f"{recorded_ratio('availability', window)}{{{scope}}}"
    return f"(sum by ({', '.join(BY)}) ({recorded}) or {bad_share(BY, window=window)}) / {ALLOWED}"


def over_time() -> list[Line]:
    """Burn rates and slow answers."""
    names = "{{destination_service}} {{cluster}}"
    return [
        Line(
            9,
            [
                series(
                    "Burn rate, one hour",
                    "Speed at which each service spends its budget. Above 14.4 it pages, when the "
                    "last five minutes agree. Good: below 1.",
                    "none",
                    Query(burn("1h"), names),
                    steps=BURN,
                ),
                series(
                    "Burn rate, six hours",
                    "Slower, steadier spending: above 6 it pages, above 1 the budget will not "
                    "last.",
                    "none",
                    Query(burn("6h"), names),
                    steps=BURN,
                ),
            ],
        ),
        Line(
            9,
            [
                states(
                    "Since when: burning",
                    "Green: within the budget. Orange from 6 on, red from 14.4 on.",
                    "none",
                    Query(burn("1h"), names),
                    steps=BURN,
                ),
                series(
                    "Slower than $bound ms",
                    "Share of successes that took longer. Good: below 1 %.",
                    "percentunit",
                    Query(q.slow_share(SEEN, "$bound", BY), names),
                    steps=((None, GREEN), (0.01, YELLOW), (0.05, RED)),
                ),
            ],
        ),
    ]
