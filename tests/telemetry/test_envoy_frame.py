"""Envoy's statistics: from the proxies themselves and from recorded series, zeros and gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_proxies import OUTBOUND, PAY, START, Proxies, at, hour, mesh
from known_week import END, WEB

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.bootstrap.rules.proxies import envoy as envoy_recordings
from observe.demo.remote_write import push
from observe.telemetry.assemble import Table
from observe.telemetry.build_envoy import envoy
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.envoy_entries import (
    EXPOSED,
    STATISTICS,
    column_of,
    envoy_entries,
    metric_of,
)
from observe.telemetry.frames import EDGES, ENVOY, REQUESTS
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.recorded import HEARTBEAT, RECORDED_REQUESTS
from observe.telemetry.recorded_envoy import recorded_as, recorded_envoy
from observe.telemetry.session import retry_policy
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
HIDDEN = ["retry_successes", "retry_overflows", "active_overflows", "cx_overflows", "ejections"]
SECONDS = 3600
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    found = mesh()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, found.labels, found.times_ms, found.values)
    return running


@pytest.fixture(scope="module")
def snapshot(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


def _check(frame: pd.DataFrame) -> None:
    """What `known_proxies` says: one upstream that is called, and a burst in the sixth hour."""
    keys = ["cluster", "namespace", "workload", "destination_service", "port", "subset"]
    assert set(map(tuple, frame[keys].to_numpy())) == {("east", "shop", "web", PAY, "80", "")}
    rows = frame.set_index("time")
    assert rows.index.tolist() == list(pd.date_range(START, periods=30, freq="h"))
    assert rows.loc[at(5), ["retries", "requests_active"]].tolist() == pytest.approx([120, 17])
    others = rows.drop(at(5))
    assert set(others["retries"]) == {0.0}
    assert set(others["requests_active"]) == {3.0}
    assert set(rows["pending_overflows"]) == {0.0}  # exposed, and nothing was refused
    assert rows[HIDDEN].isna().all(axis=None)


@integration
def test_counters_are_summed_and_gauges_are_those_of_the_highest_proxy(snapshot: Snapshot) -> None:
    assert snapshot.manifest.missing == ()
    _check(snapshot.envoy)


@integration
def test_recorded_series_tell_the_same(prometheus_server: Servers) -> None:
    found = Proxies()
    minutes = np.arange(len(found.times_ms))
    own = {"namespace": "shop", "workload": "web", "cluster": "east"}
    burst = (minutes > hour(5)) & (minutes <= hour(6))
    found.add(HEARTBEAT, {"cluster": "east"}, found.times_ms / 1000)
    found.add(RECORDED_REQUESTS, WEB | {"cluster": "east"}, np.full(len(minutes), 2.0))
    for name in (OUTBOUND, "inbound|8080||"):
        named = own | {"cluster_name": name}
        found.add("workload:envoy_cluster_upstream_rq_retry:rate5m", named, burst / 30)
        active = np.where(minutes == hour(5, 20), 17.0, 3.0)
        found.add("workload:envoy_cluster_upstream_rq_active:max", named, active)
        pending = "workload:envoy_cluster_upstream_rq_pending_overflow:rate5m"
        found.add(pending, named, 0.0 * minutes)
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, found.labels, found.times_ms, found.values)
    read = collect(PrometheusClient(running.url), START, END)
    assert read.manifest.source.flavour == "recorded"
    assert read.manifest.source.warnings == (
        "istio_request_duration_milliseconds_bucket does not exist: there are no latencies to "
        "learn from",
    )
    _check(read.envoy)
    for frame in (read.proxies, read.hosts, read.host_errors):
        assert frame.empty


@integration
def test_a_statistic_that_did_not_arrive_is_unknown_and_never_zero(
    server: PrometheusServer, snapshot: Snapshot
) -> None:
    def decide(request: Request) -> Fault | None:
        lost = "increase(envoy_cluster_upstream_rq_retry{" in request.query
        return Fault(status=400, body=b'{"status":"error","error":"no"}') if lost else None

    with FaultProxy(server.url, decide) as proxy:
        client = PrometheusClient(proxy.url, retry_policy(backoff_seconds=0.001))
        found = collect(client, START, END)
    assert {piece.query for piece in found.manifest.missing} == {"envoy-retries"}
    assert found.envoy["retries"].isna().all()
    rest = [column for column in ENVOY.columns if column != "retries"]
    pd.testing.assert_frame_equal(found.envoy[rest], snapshot.envoy[rest])


def test_only_what_exists_is_asked_for() -> None:
    assert envoy_entries(()) == ()
    assert recorded_envoy(frozenset(), 60) == ()
    names = [metric_of("envoy-retries"), "envoy_cluster_upstream_rq_total"]
    assert [entry.name for entry in envoy_entries(names)] == ["envoy-retries", EXPOSED]


def test_what_is_read_is_recorded_and_each_column_has_its_entry() -> None:
    recorded = {recording.name for recording in envoy_recordings(60, 15)}
    assert {recorded_as(entry) for entry in STATISTICS} <= recorded
    values = [name for name, kind in ENVOY.columns.items() if kind == "float64"]
    assert [column_of(entry) for entry in STATISTICS] == values


def _table(columns: tuple[str, ...], *rows: tuple[object, ...]) -> Table:
    """Rows of labels, hour and value."""
    labels = pd.DataFrame([row[:-2] for row in rows], columns=columns).astype("str")
    series = np.arange(len(rows), dtype=np.int64)
    hours = np.array([row[-2] for row in rows], dtype=np.int64)
    values = np.array([row[-1] for row in rows], dtype=np.float64)
    return Table(labels, series, hours * SECONDS * 1000, values)


STATISTIC = ("cluster", "namespace", "workload", "cluster_name")
SHOWN = ("cluster", "namespace", "workload", "statistic")


def _edges(*clusters: str) -> pd.DataFrame:
    rows = [
        {"edge": i, "cluster": cluster, "reporter": "source", "source_workload": "web"}
        | {"source_namespace": "shop", "destination_service": PAY}
        for i, cluster in enumerate(clusters)
    ]
    blank = dict.fromkeys(EDGES.columns, "")
    return EDGES.conform(pd.DataFrame([blank | row for row in rows]))


def _requests(*hours: int) -> pd.DataFrame:
    rows = [{"time": BEGIN + timedelta(hours=h, minutes=35), "edge": 0} for h in hours]
    frame = pd.DataFrame(rows).assign(code="200", flags="-", grpc_status="", requests=5.0)
    return REQUESTS.conform(frame)


def _cells(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return [
        (int(time.timestamp()) // SECONDS, *values)
        for time, *values in frame[["time", *columns]].itertuples(index=False)
    ]


def test_calls_without_any_retry_are_told_with_the_port_that_the_client_uses() -> None:
    retries = _table(STATISTIC, ("east", "shop", "web", OUTBOUND, 1, 4.0))
    shown = _table(SHOWN, *(("east", "shop", "web", "envoy-retries", h, 2) for h in (0, 1, 2)))
    found = envoy(
        {"envoy-retries": retries, EXPOSED: shown}, _edges("east"), _requests(0, 1, 3), SECONDS
    )
    # in hour 2 there was no call, in hour 3 nothing was exposed
    assert _cells(found, "port", "retries") == [(0, "80", 0.0), (1, "80", 4.0)]
    assert found["ejections"].isna().all()


def test_a_port_is_not_guessed_among_several() -> None:
    other = OUTBOUND.replace("80", "81")
    retries = _table(
        STATISTIC,
        ("east", "shop", "web", OUTBOUND, 1, 4.0),
        ("east", "shop", "web", other, 1, 6.0),
    )
    shown = _table(SHOWN, *(("east", "shop", "web", "envoy-retries", h, 2) for h in (0, 1)))
    found = envoy(
        {"envoy-retries": retries, EXPOSED: shown}, _edges("east"), _requests(0, 1), SECONDS
    )
    assert _cells(found, "port", "retries") == [(0, "", 0.0), (1, "80", 4.0), (1, "81", 6.0)]


def test_a_statistic_that_only_other_workloads_expose_is_unknown() -> None:
    tables = {
        "envoy-retries": _table(STATISTIC, ("east", "shop", "web", OUTBOUND, 0, 4.0)),
        "envoy-ejections": _table(STATISTIC, ("east", "shop", "api", OUTBOUND, 0, 1.0)),
        EXPOSED: _table(
            SHOWN,
            ("east", "shop", "web", "envoy-retries", 0, 1),
            ("east", "shop", "api", "envoy-ejections", 0, 1),
        ),
    }
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS).set_index("workload")
    assert found.loc["web", ["retries", "ejections"]].tolist() == [
        4.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert found.loc["api", ["retries", "ejections"]].tolist() == [
        pytest.approx(np.nan, nan_ok=True),
        1.0,
    ]


def test_two_names_of_one_upstream_count_together_and_the_higher_gauge_stands() -> None:
    names = (OUTBOUND, OUTBOUND + ";")
    tables = {
        name: _table(STATISTIC, *(("east", "shop", "web", n, 0, 3.0 + len(n)) for n in names))
        for name in ("envoy-retries", "envoy-connections-active")
    }
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS)
    size = len(OUTBOUND)
    assert _cells(found, "retries", "connections_active") == [(0, 7.0 + 2 * size, 4.0 + size)]


@pytest.mark.parametrize(("clusters", "told"), [(("east",), "east"), (("east", "west"), "")])
def test_a_cluster_that_series_do_not_tell_is_that_of_the_requests(
    clusters: tuple[str, ...], told: str
) -> None:
    tables = {"envoy-retries": _table(STATISTIC, ("", "shop", "web", OUTBOUND, 0, 3.0))}
    found = envoy(tables, _edges(*clusters), REQUESTS.empty(), SECONDS)
    assert found["cluster"].tolist() == [told]


def test_a_missing_piece_makes_its_span_unknown_and_no_other() -> None:
    calls = [("east", "shop", "web", OUTBOUND, h, 4.0) for h in (0, 1)]
    tables = {
        "envoy-retries": _table(STATISTIC, *calls),
        "envoy-ejections": _table(STATISTIC, *calls),
    }
    gap = MissingPiece(
        query="envoy-retries",
        start=BEGIN + timedelta(hours=1),
        end=BEGIN + timedelta(hours=2),
        reason="no",
    )
    found = envoy(tables, _edges("east"), REQUESTS.empty(), SECONDS, [gap])
    assert found["retries"].tolist() == [4.0, pytest.approx(np.nan, nan_ok=True)]
    assert found["ejections"].tolist() == [4.0, 4.0]


def test_nothing_at_all_is_an_empty_frame() -> None:
    pd.testing.assert_frame_equal(
        envoy({}, EDGES.empty(), REQUESTS.empty(), SECONDS), ENVOY.empty()
    )
    pods = _table(STATISTIC, ("east", "shop", "", OUTBOUND, 0, 3.0))
    assert envoy({"envoy-retries": pods}, EDGES.empty(), REQUESTS.empty(), SECONDS).empty
