"""Envoy's statistics, collected from the proxies themselves and from recorded series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_proxies import OUTBOUND, PAY, START, Proxies, at, hour, mesh
from known_week import END, WEB

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.bootstrap.rules.proxies import envoy as envoy_recordings
from observe.demo.remote_write import push
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.envoy_entries import (
    EXPOSED,
    STATISTICS,
    column_of,
    envoy_entries,
    metric_of,
)
from observe.telemetry.frames import ENVOY
from observe.telemetry.recorded import HEARTBEAT, RECORDED_REQUESTS
from observe.telemetry.recorded_envoy import recorded_as, recorded_envoy
from observe.telemetry.session import retry_policy
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
HIDDEN = ["retry_successes", "retry_overflows", "active_overflows", "cx_overflows", "ejections"]


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
