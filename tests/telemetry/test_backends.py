"""The same week in Prometheus and in VictoriaMetrics; path prefix, tenant, proxies, TLS."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from known_week import END, MEAN_MS, START, Week, eventful_week
from scripted_api import Api, Asked, Reply, failure, success, vector
from victoria import VictoriaMetrics

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import InputError
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.collector import collect
from observe.telemetry.dialect import identify
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration


@pytest.fixture(scope="module")
def week() -> Week:
    return eventful_week()


@pytest.fixture(scope="module")
def victoria(week: Week, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    try:
        find_binary("victoria-metrics")
    except InputError as error:
        pytest.skip(str(error))
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria"), "/prometheus") as server:
        push(server.url, week.labels, week.times_ms, week.values)
        server.flush()
        return collect(PrometheusClient(server.url), START, END)


@pytest.fixture(scope="module")
def prometheus(week: Week, prometheus_server: Servers) -> Snapshot:
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, week.labels, week.times_ms, week.values)
    return collect(PrometheusClient(server.url), START, END)


@integration
def test_victoria_metrics_is_recognised_below_a_path_prefix(victoria: Snapshot) -> None:
    assert victoria.manifest.source.server == "VictoriaMetrics"
    assert victoria.manifest.source.url.endswith("/prometheus")
    assert victoria.manifest.source.scrape_interval_seconds == 60
    assert victoria.manifest.source.coverage == 1
    assert victoria.manifest.missing == ()


@integration
def test_victoria_metrics_counts_every_request(victoria: Snapshot, week: Week) -> None:
    counts = victoria.requests.groupby("code", observed=True)["requests"].sum()
    assert counts["200"] == pytest.approx(week.truth["web", "200"], rel=2e-4)
    assert counts["503"] == week.truth["web", "503"]
    sums = victoria.latency_sum
    assert sums["sum_ms"].sum() / sums["requests"].sum() == pytest.approx(MEAN_MS, rel=1e-4)


@integration
def test_both_backends_give_the_same_frames_but_for_extrapolation(
    victoria: Snapshot, prometheus: Snapshot
) -> None:
    pd.testing.assert_frame_equal(victoria.edges, prometheus.edges)
    pd.testing.assert_frame_equal(victoria.coverage, prometheus.coverage)
    for name, keys in (
        ("requests", ["time", "edge", "code"]),
        ("latency", ["time", "edge", "code", "gt", "le"]),
    ):
        left, right = (
            getattr(s, name).groupby(keys, observed=True)["requests"].sum()
            for s in (victoria, prometheus)
        )
        assert left.sum() == pytest.approx(right.sum(), rel=0.001)
        steady = left[left > 500].index.intersection(right.index)
        assert len(steady) > 1000
        # Prometheus stretches what it saw to the whole step; a minute of an hour or of 5 minutes
        # is missing only where pods come and go
        off = (left[steady] / right[steady] - 1).abs()
        assert off.median() < 0.02
        assert off.quantile(0.999) < 0.25


@pytest.mark.parametrize(
    ("build", "metricsql", "name", "questions"),
    [
        ({}, True, "VictoriaMetrics", 1),
        ({"version": "2.24.0"}, True, "VictoriaMetrics", 1),
        ({"version": "2.24.0"}, False, "Prometheus", 1),
        ({"version": "3.1.0"}, True, "Prometheus", 0),
        ({"application": "Grafana Mimir", "version": "2.9"}, True, "Grafana Mimir", 0),
    ],
)
def test_a_server_that_hides_its_name_is_known_by_its_language(
    api: Callable[..., Api],
    build: dict[str, str],
    metricsql: bool,
    name: str,
    questions: int,
) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("buildinfo"):
            return success(build)
        if "default" in asked.params["query"] and not metricsql:
            return failure(400, "bad_data", "parse error")
        return vector()

    server = api(answer)
    client = PrometheusClient(server.url)
    found = identify(client, client.probe())
    assert found.name == name
    assert sum("default" in a.params.get("query", "") for a in server.asked) == questions


def test_a_server_is_taken_at_its_word(api: Callable[..., Api]) -> None:
    server = api(lambda _: vector())
    info = ServerInfo("Prometheus", "2.42.0")
    assert identify(PrometheusClient(server.url), info) is info
    assert server.asked == []
