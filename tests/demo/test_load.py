"""A week that was loaded is what a real Prometheus answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
import requests
from meshes import MONDAY, mesh

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.load import LoadSummary, load_week
from observe.demo.simulate import simulate

pytestmark = pytest.mark.integration

Loaded = tuple[PrometheusServer, LoadSummary, list[tuple[int, int]]]


@pytest.fixture(scope="module")
def loaded(prometheus_server: Callable[..., PrometheusServer]) -> Loaded:
    server = prometheus_server(flags=HISTORY_FLAGS, retention="100y")
    seen: list[tuple[int, int]] = []
    end = MONDAY + timedelta(days=1, minutes=29)
    summary = load_week(server.url, mesh(), 1, end, lambda *progress: seen.append(progress), days=1)
    return server, summary, seen


def _ask(loaded: Loaded, query: str, by: str) -> dict[str, float]:
    server, summary, _ = loaded
    answer = requests.get(
        f"{server.url}/api/v1/query",
        params={"query": query, "time": summary.end.timestamp()},
        timeout=20,
    )
    return {r["metric"].get(by, ""): float(r["value"][1]) for r in answer.json()["data"]["result"]}


def _pushed_last_values(by: str) -> dict[str, float]:
    """Sum by a label of the last value that each series of istio_requests_total had."""
    found: dict[str, float] = defaultdict(float)
    day = list(simulate(mesh(), 1, MONDAY, 1))[1]
    for labels, values in zip(day.labels, day.values, strict=True):
        if labels["__name__"] == "istio_requests_total":
            found[labels[by]] += float(values[~np.isnan(values)][-1])
    return dict(found)


def test_the_window_ends_at_the_last_whole_hour(loaded: Loaded) -> None:
    _, summary, seen = loaded
    assert (summary.start, summary.end) == (MONDAY, MONDAY + timedelta(days=1))
    assert seen == [(0, 24), (24, 24)]


def test_the_server_holds_the_totals_that_were_pushed(loaded: Loaded) -> None:
    query = "sum by (pod) (last_over_time(istio_requests_total[1d]))"
    assert _ask(loaded, query, "pod") == _pushed_last_values("pod")


def test_every_series_and_every_sample_arrived(loaded: Loaded) -> None:
    server, summary, _ = loaded
    names = requests.get(f"{server.url}/api/v1/label/__name__/values", timeout=10).json()["data"]
    assert len(names) == 18  # eight of proxies and cAdvisor, ten of kube-state-metrics
    series = samples = 0.0
    for name in names:
        series += _ask(loaded, f"count(count_over_time({name}[25h]))", "")[""]
        samples += _ask(loaded, f"sum(count_over_time({name}[25h]))", "")[""]
    assert (series, samples) == (summary.series, summary.cost.samples)


def test_increase_over_the_day_is_close_in_spite_of_replaced_pods(loaded: Loaded) -> None:
    query = "sum by (reporter) (increase(istio_requests_total[1d]))"
    got = _ask(loaded, query, "reporter")
    blocks = list(simulate(mesh(), 1, MONDAY, 1))
    start: dict[str, float] = defaultdict(float)
    for labels, values in zip(blocks[0].labels, blocks[0].values, strict=True):
        if labels["__name__"] == "istio_requests_total":
            start[labels["reporter"]] += float(values[0])
    end = _pushed_last_values("reporter")
    for reporter in ("source", "destination"):
        assert got[reporter] == pytest.approx(end[reporter] - start[reporter], rel=0.003)


def test_new_pods_are_new_series_and_not_resets(loaded: Loaded) -> None:
    assert _ask(loaded, "sum(resets(istio_requests_total[25h]))", "") == {"": 0.0}
    query = (
        "count by (destination_workload) (count by (destination_workload, pod) "
        '(count_over_time(istio_requests_total{reporter="destination"}[25h])))'
    )
    assert _ask(loaded, query, "destination_workload") == {"api": 4.0}
