"""The same week through remote read and through PromQL, from a real Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from known_week import END, SCRAPE, START, WEB, Week, eventful_week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.assemble import Table, join
from observe.telemetry.catalogue import ENTRIES, OUTCOME_LABELS, Entry
from observe.telemetry.client import PrometheusClient
from observe.telemetry.envoy_entries import COUNTERS, STATISTICS, metric_of
from observe.telemetry.fetch import Fetcher
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read.tables import jobs, read_entries, readable
from observe.telemetry.steps import choose_steps

Servers = Callable[..., PrometheusServer]
pytestmark = pytest.mark.integration
ISTIOD = ("istiod-states", "istiod-counts", "istiod-times")
#: Numbers a pod, of which the server reads one sample a step, and some that are matched first.
ASKED_IN_PROMQL = ("envoy-exposed", "resources", "restarts", "autoscalers", *ISTIOD)
OF_CONTAINERS = ("containers", "usage")
MESH = [e for e in ENTRIES if e.frame not in OF_CONTAINERS and e.name not in ASKED_IN_PROMQL]
STEPS = choose_steps(START, END, SCRAPE)
PODS = ("web-5d4b8c9f7d-x2k8p", "web-5d4b8c9f7d-zz9wq", "db-0", "agent-x2k8p", "x-1-2")


def _containers(week: Week) -> None:
    """cAdvisor's series of some pods, one of which has no limit and one that goes away."""
    rng = np.random.default_rng(3)
    times = len(week.times_ms)
    for number, pod in enumerate(PODS):
        own = {"namespace": "shop", "pod": pod, "container": "app", "cluster": "east"}
        cpu = rng.exponential(2.0, times).cumsum()
        periods = rng.integers(550, 600, times).cumsum().astype(float)
        memory = rng.normal(5e8, 1e7, times)
        if number == 3:
            cpu[4000:] = memory[4000:] = np.nan
        week._series("container_cpu_usage_seconds_total", own, cpu)
        week._series("container_memory_working_set_bytes", own, memory)
        if number != 2:
            week._series("container_cpu_cfs_periods_total", own, periods)
            throttled = (rng.random(times) < 0.1).cumsum().astype(float) * number
            week._series("container_cpu_cfs_throttled_periods_total", own, throttled)


def _messages(week: Week) -> None:
    first = dict(week.labels[0])
    rows = np.arange(len(week.times_ms), dtype=float)
    for direction, factor in (("request", 2.0), ("response", 7.0)):
        name = f"istio_{direction}_messages_total"
        week._series(name, {k: v for k, v in first.items() if k != "__name__"}, rows * factor)


def _hosts(week: Week) -> None:
    """Servers: a pod is replaced; failures of both kinds, rare, born with the first of them."""
    rng = np.random.default_rng(5)
    times = len(week.times_ms)
    for number, alive in enumerate((slice(None), slice(0, 5000), slice(5003, None))):
        own = WEB | {"reporter": "destination"}
        week.add(f"pay-{number}", rng.poisson(50, times), labels=own, alive=alive)
        for bad in ({"response_code": "503"}, {"grpc_response_status": "14"}):
            rare = rng.poisson(0.003, times)
            week.add(
                f"pay-{number}", rare, labels=own | bad, alive=alive, born_with_first_request=True
            )


def _envoy(week: Week) -> None:
    """Envoy's statistics of two pods, one of which begins anew."""
    rng = np.random.default_rng(6)
    times = len(week.times_ms)
    for number, pod in enumerate(PODS[:2]):
        for entry in STATISTICS:
            own = {"namespace": "shop", "pod": pod, "cluster_name": "outbound|80||pay.shop.svc.x"}
            drawn = rng.poisson(0.2, times).astype(float)
            values = drawn.cumsum() if entry in COUNTERS else drawn
            if number and entry in COUNTERS:
                values[3000:] -= values[2999]
            week._series(metric_of(entry), own, values)
            week._series(metric_of(entry), own | {"cluster_name": "xds-grpc"}, values)


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    running = prometheus_server(flags=HISTORY_FLAGS)
    week = eventful_week()
    _containers(week)
    _messages(week)
    _hosts(week)
    _envoy(week)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


@pytest.fixture(scope="module")
def replicas(prometheus_server: Servers) -> PrometheusServer:
    """Every series twice, the second copy with gaps of its own."""
    running = prometheus_server(flags=HISTORY_FLAGS)
    week = eventful_week()
    _hosts(week)
    rng = np.random.default_rng(4)
    labels, rows = [], []
    for name in ("a", "b"):
        for own, values in zip(week.labels, week.rows, strict=True):
            lost = (np.arange(len(values)) // 200 % 7 == 3) & (rng.random(len(values)) < 0.9)
            labels.append(own | {"prometheus_replica": name})
            rows.append(np.where(lost & (name == "b"), np.nan, values))
    push(running.url, labels, week.times_ms, np.array(rows))
    return running


def _pieces(entries: list[Entry]) -> list[Piece]:
    of = {"fine": STEPS.fine, "coarse": STEPS.coarse}
    return [Piece(e, START, of[e.step], STEPS.count(of[e.step])) for e in entries]


def _tidy(table: Table) -> pd.DataFrame:
    columns = sorted(table.labels.columns)
    frame = table.rows(columns, "value")
    texts = [c for c in columns if frame[c].dtype == "category"]
    return frame.astype(dict.fromkeys(texts, "str")).sort_values(["time", *columns])


def _assert_same(url: str, entries: list[Entry], replica_labels: tuple[str, ...]) -> None:
    client = PrometheusClient(url)
    deadline = time.monotonic() + 120
    read = list(read_entries(client, entries, STEPS, replica_labels, deadline=deadline))
    asked = Fetcher(client, replica_labels).run(_pieces(entries))
    assert not asked.missing
    names = [entry.name for entry in entries]
    assert sorted({piece.entry.name for piece, _ in read}) == sorted(names)
    assert max(piece.end - piece.start for piece, _ in read) == timedelta(days=1)
    for entry in entries:
        table = join([t for piece, t in read if piece.entry == entry])
        expected = join([t for piece, t in asked.tables if piece.entry == entry])
        assert table is not None
        assert expected is not None
        pd.testing.assert_frame_equal(
            _tidy(table).reset_index(drop=True),
            _tidy(expected).reset_index(drop=True),
            check_exact=False,
            rtol=1e-12,
            obj=entry.name,
        )
        assert len(expected.values) > 0, entry.name
        assert table.repaired == pytest.approx(expected.repaired, abs=1e-12)


def test_every_entry_of_the_mesh_is_the_same_as_through_promql(server: PrometheusServer) -> None:
    _assert_same(server.url, MESH, ())


def test_containers_are_the_same_as_through_promql(server: PrometheusServer) -> None:
    _assert_same(server.url, [e for e in ENTRIES if e.frame in OF_CONTAINERS], ())


def test_copies_by_several_replicas_are_averaged_as_promql_does(
    replicas: PrometheusServer,
) -> None:
    entries = [e for e in MESH if e.name != "messages" and e.frame != "envoy"]
    _assert_same(replicas.url, entries, ("prometheus_replica",))


def test_every_entry_of_the_catalogue_can_be_read_raw() -> None:
    assert [entry.name for entry in ENTRIES if not readable(entry)] == [*ASKED_IN_PROMQL]


def test_entries_over_the_same_series_share_one_read() -> None:
    together = [[piece.entry.name for piece in job.pieces] for job in jobs(_pieces(MESH))]
    assert ["requests", "coverage", "proxies"] in together
    assert ["hosts", "host-errors"] in together
    assert sum(map(len, together)) == len(MESH)


def test_a_query_in_other_words_is_left_to_promql() -> None:
    entry = Entry(
        "mine",
        (),
        "requests",
        "fine",
        "requests",
        "",
        OUTCOME_LABELS,
        "sum by ($by) (irate(a[5m]))",
    )
    assert not readable(entry)


def test_a_part_of_the_series_is_not_read_raw() -> None:
    whole = Piece(MESH[0], START, 300, 288)
    with pytest.raises(ValueError, match="all series"):
        jobs([replace(whole, shard=('destination_workload=~"a.*"',))])
