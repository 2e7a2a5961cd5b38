"""A week of counters whose every request is known: replaced pods, a restart, gaps, rare errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

END = datetime(2026, 1, 12, tzinfo=UTC)
START = END - timedelta(days=7)
SCRAPE = 60
LES = (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, np.inf)
SHARES = (0.05, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1, 0.03, 0.015, 0.005)
MEAN_MS = 33.0
WEB = {
    "reporter": "source",
    "source_workload": "web",
    "source_workload_namespace": "shop",
    "source_cluster": "east",
    "destination_cluster": "east",
    "destination_service": "pay.shop.svc.cluster.local",
    "destination_service_namespace": "shop",
    "destination_workload": "pay",
    "destination_workload_namespace": "shop",
    "request_protocol": "http",
    "response_code": "200",
    "response_flags": "-",
    "grpc_response_status": "",
}
RARE = {"response_code": "503", "response_flags": "UH"}


@dataclass
class Week:
    """Series to write, and the requests that they stand for.

    Attributes:
        labels: labels of each series.
        rows: cumulative values of each series, NaN where there is no sample.
        truth: (workload, response code) → requests.
        shares: of requests in each bucket of `LES`.
    """

    start: datetime = START
    end: datetime = END
    labels: list[dict[str, str]] = field(default_factory=list)
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    truth: dict[tuple[str, str], int] = field(default_factory=dict)
    shares: tuple[float, ...] = SHARES

    @property
    def times_ms(self) -> NDArray[np.int64]:
        seconds = np.arange(int(self.start.timestamp()), int(self.end.timestamp()) + 1, SCRAPE)
        return seconds * 1000

    @property
    def values(self) -> NDArray[np.float64]:
        return np.array(self.rows)

    def add(
        self,
        pod: str,
        requests: NDArray[np.int64],
        *,
        labels: dict[str, str],
        born_with_first_request: bool = False,
        reset_at: int | None = None,
        gap: slice | None = None,
        alive: slice = slice(None),
    ) -> None:
        """One pod's counters.

        Args:
            pod: name of the pod.
            requests: requests between each scrape and the one before.
            labels: labels of the series besides the pod's.
            born_with_first_request: no sample before the first request, as Envoy does it.
            reset_at: scrape before which the proxy restarts.
            gap: scrapes that fail.
            alive: scrapes in which the pod exists.
        """
        rng = np.random.default_rng(len(self.rows))
        there = np.full(len(requests), False)
        there[alive] = True
        requests = np.where(there, requests, 0)
        parts = rng.multinomial(requests, self.shares)
        running = parts.cumsum(axis=0).astype(np.float64)
        if reset_at is not None:
            running[reset_at:] -= running[reset_at - 1]
        if gap is not None:
            there[gap] = False
        if born_with_first_request:
            there &= running.sum(axis=1) > 0
        running[~there] = np.nan
        own = labels | {"pod": pod, "instance": pod, "job": "envoy-stats"}
        total = running.sum(axis=1)
        self._series("istio_requests_total", own, total)
        self._series("istio_request_duration_milliseconds_count", own, total)
        self._series("istio_request_duration_milliseconds_sum", own, total * MEAN_MS)
        for i, le in enumerate(LES):
            bound = {"le": "+Inf" if np.isinf(le) else f"{le:g}"}
            name = "istio_request_duration_milliseconds_bucket"
            self._series(name, own | bound, running[:, : i + 1].sum(axis=1))
        key = (labels["source_workload"], labels["response_code"])
        self.truth[key] = self.truth.get(key, 0) + int(requests.sum())

    def _series(self, name: str, labels: dict[str, str], values: NDArray[np.float64]) -> None:
        self.labels.append({"__name__": name, **labels})
        self.rows.append(values)


def eventful_week() -> Week:
    """Two replicas of which one is replaced twice and one restarts; rare errors; two gaps."""
    week = Week()
    rng = np.random.default_rng(20260105)
    scrapes = len(week.times_ms)
    third = scrapes // 3
    for number in range(3):
        alive = slice(number * third, (number + 1) * third)
        week.add(f"web-{number}", rng.poisson(120, scrapes), labels=WEB, alive=alive)
        week.add(
            f"web-{number}",
            rng.poisson(4 / third, scrapes),
            labels=WEB | RARE,
            alive=alive,
            born_with_first_request=True,
        )
    gap = slice(7000, 7020)
    week.add("web-9", rng.poisson(60, scrapes), labels=WEB, reset_at=5000, gap=gap)
    return week
