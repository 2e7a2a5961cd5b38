"""Every number that an alert compares with, in one place; docs/runbooks.md explains each.

Objectives (availability, latency) come from the stack; these are the rest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """Limits with units; shares are fractions of 1.

    Attributes:
        burn_minimum_requests: requests in the long window below which a ratio says nothing.
        burn_minimum_bad: failed (or slow) requests in the long window below which nobody is told.
        burn_highest_ratio: a ratio that always is too much, however weak the objective.
        flag_share: of a service's requests, shed by a circuit breaker.
        flag_per_second: requests with a flag below which a share says nothing.
        unhealthy_share: of a service's requests, for which there was no healthy endpoint.
        no_route_share: of a client's requests, that matched no route.
        no_route_surge: times as many as in the six hours before.
        timeout_share: of a service's requests, cut by a timeout.
        amplification: requests at the server for each one sent.
        amplification_per_second: requests sent below which the ratio says nothing.
        ejected_share: of a cluster's endpoints, ejected as outliers.
        overflow_per_second: tries that a full pool, or retries that a budget, forbade.
        convergence_seconds: from a change of configuration till 99 % of the proxies have it.
        failure_share: of webhook calls or pushes, that failed.
        certificate_warning_days: a root or intermediate certificate ends within these days.
        certificate_critical_days: the same, now urgent.
        config_bytes: size of what one proxy is sent, at the 99th percentile; 4 MB is gRPC's limit.
        federation_stale_seconds: age of the newest heartbeat; rates cover 300 s.
        missed_evaluations_share: of the evaluations of an hour, that did not arrive.
        targets_down_share: of a job's targets.
        samples_share: of the sample limit of a target, and of the time that a scrape may take.
        series_growth: series in the head for each one a day ago.
        series_floor: series below which growth says nothing.
        metric_series: series of one metric.
        missed_evaluations: skipped evaluations of a quarter of an hour.
        restarts: of a server, within an hour.
        storage_share: of the bytes that a server may keep.
        plaintext_per_second: requests without mTLS.
    """

    burn_minimum_requests: int = 100
    burn_minimum_bad: int = 10
    burn_highest_ratio: float = 0.9
    flag_share: float = 0.01
    flag_per_second: float = 0.02
    unhealthy_share: float = 0.05
    no_route_share: float = 0.05
    no_route_surge: float = 3
    timeout_share: float = 0.05
    amplification: float = 1.5
    amplification_per_second: float = 0.2
    ejected_share: float = 0.3
    overflow_per_second: float = 0.1
    convergence_seconds: float = 10
    failure_share: float = 0.05
    certificate_warning_days: int = 30
    certificate_critical_days: int = 7
    config_bytes: int = 4_000_000
    federation_stale_seconds: int = 180
    missed_evaluations_share: float = 0.05
    targets_down_share: float = 0.1
    samples_share: float = 0.8
    series_growth: float = 1.5
    series_floor: int = 100_000
    metric_series: int = 200_000
    missed_evaluations: int = 3
    restarts: int = 3
    storage_share: float = 0.9
    plaintext_per_second: float = 0.02


THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class BurnWindow:
    """One pair of windows of a multi-window, multi-burn-rate alert (Google, SRE workbook, ch. 5).

    Attributes:
        long: window that the budget is judged over.
        short: window that must agree, so that the alert ends soon after the trouble.
        burn: how many times faster than allowed the budget of 30 days is spent.
        severity: whom it concerns, and how soon.
        pending: how long both must hold before anyone is told.
    """

    long: str
    short: str
    burn: float
    severity: str
    pending: str


BURN_WINDOWS = (
    BurnWindow("1h", "5m", 14.4, "critical", "2m"),
    BurnWindow("6h", "30m", 6, "critical", "5m"),
    BurnWindow("1d", "2h", 3, "warning", "15m"),
    BurnWindow("3d", "6h", 1, "warning", "30m"),
)
