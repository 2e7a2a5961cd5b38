"""Samples that were pushed are what a real Prometheus answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import requests

from observe.bootstrap.prometheus import HISTORY_FLAGS, HOST, PrometheusServer
from observe.demo.remote_write import PushCost, push
from observe.errors import EXIT_SOURCE, InputError, SourceError

Factory = Callable[..., PrometheusServer]

START = 1_790_000_000_000
MINUTE = 60_000


@pytest.fixture(scope="module")
def server(prometheus_server: Factory) -> PrometheusServer:
    return prometheus_server(flags=HISTORY_FLAGS, retention="100y")


def _matrix(server: PrometheusServer, query: str, end_ms: int) -> list[dict[str, object]]:
    answer = requests.get(
        f"{server.url}/api/v1/query", params={"query": query, "time": end_ms / 1000}, timeout=10
    )
    found: list[dict[str, object]] = answer.json()["data"]["result"]
    return found


@pytest.mark.integration
def test_every_sample_arrives_with_its_time_its_value_and_its_labels(
    server: PrometheusServer,
) -> None:
    rng = np.random.default_rng(3)
    times = START + MINUTE * np.arange(300, dtype=np.int64)
    values = rng.integers(0, 1000, (7, 300)).astype(np.float64)
    values[rng.random(values.shape) < 0.2] = np.nan
    labels = [{"__name__": "exact", "n": str(n), "hostile": 'a"b\n\\<i>' * n} for n in range(7)]
    seen: list[tuple[int, int]] = []
    cost = push(
        server.url,
        labels,
        times,
        values,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert cost.samples == np.count_nonzero(~np.isnan(values))
    assert seen[-1] == (2100, 2100)
    found = _matrix(server, "exact[6h]", int(times[-1]))
    assert len(found) == 7
    for series in found:
        metric = series["metric"]
        n = int(metric["n"])  # type: ignore[index]
        assert metric == {k: v for k, v in labels[n].items() if v}
        present = ~np.isnan(values[n])
        got = [(round(float(t) * 1000), float(v)) for t, v in series["values"]]  # type: ignore
        assert got == list(zip(times[present].tolist(), values[n][present].tolist(), strict=True))


@pytest.mark.integration
def test_a_push_larger_than_one_request_keeps_its_order(
    server: PrometheusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observe.demo.remote_write._SAMPLES_PER_REQUEST", 100)
    times = START + 10**9 + MINUTE * np.arange(600, dtype=np.int64)
    values = np.cumsum(np.ones((5, 600)), axis=1)
    labels = [{"__name__": "many", "n": str(n)} for n in range(5)]
    cost = push(server.url, labels, times, values)
    assert cost.requests > 20
    found = _matrix(server, "sum(increase(many[9h]))", int(times[540]))
    assert float(found[0]["value"][1]) == pytest.approx(5 * 540, rel=1e-9)  # type: ignore[index]


@pytest.mark.integration
def test_history_older_than_what_is_there_is_refused_with_a_hint(
    server: PrometheusServer,
) -> None:
    late = START + 3 * 10**9
    push(server.url, [{"__name__": "late"}], np.array([late]), np.array([[2.0]]))
    with pytest.raises(SourceError, match="write history to an empty server") as caught:
        push(server.url, [{"__name__": "late"}], np.array([late - 1]), np.array([[1.0]]))
    assert caught.value.exit_code == EXIT_SOURCE


@pytest.mark.integration
def test_a_server_without_the_receiver_is_named(prometheus_server: Factory) -> None:
    closed = prometheus_server(remote_write=False)
    with pytest.raises(SourceError, match=r"--web\.enable-remote-write-receiver"):
        push(closed.url, [{"__name__": "x"}], np.array([START]), np.array([[1.0]]))


def test_a_server_that_is_not_there_is_said_in_one_line(unused_port: int) -> None:
    url = f"http://{HOST}:{unused_port}"
    with pytest.raises(SourceError, match=f"cannot write to {url}: ConnectionError"):
        push(url, [{"__name__": "x"}], np.array([START]), np.array([[1.0]]))


def test_values_that_do_not_fit_the_series_are_refused() -> None:
    with pytest.raises(InputError, match="do not fit 2 series x 3 times"):
        push("http://x", [{}, {}], START + np.arange(3), np.zeros((2, 2)))


def test_costs_add_up() -> None:
    assert PushCost(1, 2, 3, 0.5) + PushCost(10, 20, 30, 1.0) == PushCost(11, 22, 33, 1.5)
