"""Proxies, hosts and their failures, collected from servers that hold known counters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_proxies import LEDGER, PAY, START, at, mesh
from known_week import END
from victoria import VictoriaMetrics

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import InputError
from observe.telemetry.assemble import Table
from observe.telemetry.build_hosts import host_errors, hosts, proxies
from observe.telemetry.cache import DayCache
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.frames import ENVOY, HOST_ERRORS, HOSTS, OPTIONAL, PROXIES
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.session import retry_policy
from observe.telemetry.snapshot import Snapshot, load, save

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    found = mesh()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, found.labels, found.times_ms, found.values)
    return running


@pytest.fixture(scope="module")
def snapshot(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    try:
        find_binary("victoria-metrics")
    except InputError as error:
        pytest.skip(str(error))
    found = mesh()
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as running:
        push(running.url, found.labels, found.times_ms, found.values)
        running.flush()
        return collect(PrometheusClient(running.url), START, END)


def _failures(snapshot: Snapshot) -> list[tuple[object, ...]]:
    rows = snapshot.host_errors.astype({"code": "str", "grpc_status": "str"})
    columns = ["time", "cluster", "destination_service", "host", "code", "grpc_status", "requests"]
    return [tuple(row) for row in rows[columns].itertuples(index=False)]


FAILURES = [
    (at(8, 5), "east", PAY, "10.0.1.2:15020", "0", "", 2.0),
    (at(20), "east", PAY, "10.0.1.2:15020", "503", "", 1.0),
    (at(20, 30), "east", PAY, "10.0.1.2:15020", "503", "", 12.0),
    (at(21, 10), "east", LEDGER, "10.0.2.0:15020", "200", "14", 7.0),
]


@integration
def test_proxies_of_an_edge_are_counted_with_the_share_of_the_busiest(snapshot: Snapshot) -> None:
    (edge,) = snapshot.edges.loc[snapshot.edges["reporter"] == "source", "edge"]
    frame = snapshot.proxies[snapshot.proxies["edge"] == edge].set_index("time")
    assert frame.index.tolist() == list(pd.date_range(START, periods=30, freq="h"))
    assert set(frame["proxies"]) == {2.0}
    # of 90 and 30 a minute, also in the hour in which one takes the place of the other
    assert frame["busiest_share"].tolist() == [pytest.approx(0.75, rel=1e-9)] * 30
    served = snapshot.edges[snapshot.edges["destination_service"] == PAY].set_index("reporter")
    of_servers = snapshot.proxies[snapshot.proxies["edge"] == served.loc["destination", "edge"]]
    assert of_servers["proxies"].tolist() == [3.0] * 30
    failed = {8: 2.0, 20: 12.0 * 3510 / 3480}  # beside 2460 an hour of it and 4800 of the others
    busiest = [(2460 + failed.get(hour, 0)) / (7260 + failed.get(hour, 0)) for hour in range(30)]
    assert of_servers["busiest_share"].tolist() == pytest.approx(busiest, rel=1e-9)


@integration
def test_hosts_are_told_apart_and_a_restart_loses_nothing(snapshot: Snapshot) -> None:
    pay = snapshot.hosts[snapshot.hosts["destination_service"] == PAY]
    by_host = pay.pivot_table(index="time", columns="host", values="requests")
    assert by_host.columns.tolist() == [f"10.0.1.{n}:15020" for n in range(3)]
    for number in (0, 1):
        assert set(by_host[f"10.0.1.{number}:15020"].round(6)) == {2400.0}
    others = by_host["10.0.1.2:15020"]  # with 404 once a minute, and its failures
    extra = {at(8): 2, at(20): 13}
    # `increase` stretches the 58 minutes of the new counter by half of one: 12 are 12.1
    expected = {t: 2460.0 + extra.get(t, 0) for t in others.index}
    assert others.to_dict() == pytest.approx(expected, abs=0.11)
    assert others.drop(at(20)).to_dict() == pytest.approx(
        {t: n for t, n in expected.items() if t != at(20)}, rel=1e-9
    )
    assert set(pay["cluster"]) == {"east"}  # which the label of the servers' side tells
    assert set(pay["destination_service_namespace"]) == {"shop"}


@integration
def test_every_failure_is_there_with_its_host_and_minute_also_the_first_of_the_mesh(
    snapshot: Snapshot,
) -> None:
    assert _failures(snapshot) == FAILURES


@integration
def test_victoria_metrics_tells_the_same(victoria: Snapshot, snapshot: Snapshot) -> None:
    assert victoria.manifest.missing == ()
    assert _failures(victoria) == FAILURES
    # The first hour has no sample before it, and Prometheus stretches what it saw to the whole.
    left, right = (s.hosts[s.hosts["time"] > START] for s in (victoria, snapshot))
    pd.testing.assert_frame_equal(left, right, rtol=1e-4)
    pd.testing.assert_frame_equal(victoria.envoy, snapshot.envoy, rtol=1e-9)
    assert victoria.proxies["proxies"].tolist() == snapshot.proxies["proxies"].tolist()
    assert victoria.proxies["busiest_share"].tolist() == pytest.approx(
        snapshot.proxies["busiest_share"].tolist(), abs=0.005
    )


@integration
def test_read_raw_the_frames_are_the_same(
    server: PrometheusServer, snapshot: Snapshot, raw: None
) -> None:
    with FaultProxy(server.url) as proxy:
        found = collect(PrometheusClient(proxy.url), START, END)
        assert not [r for r in proxy.seen if "increase(istio" in r.query]
        assert not [r for r in proxy.seen if "increase(envoy" in r.query]
    for spec in (PROXIES, HOSTS, HOST_ERRORS, ENVOY):
        left, right = getattr(found, spec.name), getattr(snapshot, spec.name)
        assert len(left) > 3, spec.name
        pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-12)


@integration
def test_kept_days_and_the_files_of_a_snapshot_hold_the_same(
    server: PrometheusServer, snapshot: Snapshot, tmp_path: Path
) -> None:
    client = PrometheusClient(server.url)
    cache = DayCache.of(tmp_path / "cache", client.settings)
    collect(client, START, END, cache=cache)
    again = collect(client, START, END, cache=cache)
    assert cache.used["found"] > 0
    save(again, tmp_path / "snapshot")
    loaded = load(tmp_path / "snapshot")
    for spec in OPTIONAL:
        pd.testing.assert_frame_equal(getattr(loaded, spec.name), getattr(snapshot, spec.name))
        (tmp_path / "snapshot" / f"{spec.name}.parquet").unlink()
    old = load(tmp_path / "snapshot")  # as it was written before there were such frames
    assert all(getattr(old, spec.name).empty for spec in OPTIONAL)
    pd.testing.assert_frame_equal(old.requests, snapshot.requests)


@integration
@pytest.mark.parametrize("lost", ["hosts", "host-errors"])
def test_where_hosts_or_their_failures_are_missing_neither_is_told(
    server: PrometheusServer, snapshot: Snapshot, lost: str
) -> None:
    of_errors = 'response_code=~"5..|0"'

    def decide(request: Request) -> Fault | None:
        about_hosts = "increase" in request.query and '{reporter=~"destination"' in request.query
        if about_hosts and (of_errors in request.query) == (lost == "host-errors"):
            return Fault(status=400, body=b'{"status":"error","error":"no"}')
        return None

    with FaultProxy(server.url, decide) as proxy:
        client = PrometheusClient(proxy.url, retry_policy(backoff_seconds=0.001))
        found = collect(client, START, END)
    assert {piece.query for piece in found.manifest.missing} == {lost}
    assert found.hosts.empty
    assert found.host_errors.empty
    pd.testing.assert_frame_equal(found.proxies, snapshot.proxies)


@integration
def test_a_label_that_all_proxies_share_does_not_make_them_one(
    prometheus_server: Servers, snapshot: Snapshot
) -> None:
    found = mesh(envoy=False)
    labels = [own | {"instance": "collector:8889"} for own in found.labels]
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, labels, found.times_ms, found.values)
    read = collect(PrometheusClient(running.url), START, END)
    pd.testing.assert_frame_equal(read.proxies, snapshot.proxies)
    assert set(read.hosts["host"]) == {"pay-0", "pay-1", "pay-2", "ledger-0"}


@integration
def test_sums_over_proxies_tell_nothing_of_proxies(prometheus_server: Servers) -> None:
    found = mesh(envoy=False)
    keep = [i for i, own in enumerate(found.labels) if own["pod"].endswith(("x2z5k", "-0"))]
    labels = [
        {k: v for k, v in found.labels[i].items() if k not in ("pod", "instance")} for i in keep
    ]
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, labels, found.times_ms, found.values[keep])
    read = collect(PrometheusClient(running.url), START, END)
    assert not read.requests.empty
    assert all(getattr(read, spec.name).empty for spec in OPTIONAL)
    assert len(read.manifest.source.warnings) == 1  # about the sums


@integration
def test_what_is_excluded_is_not_asked_for(server: PrometheusServer) -> None:
    names = ("host_errors", "envoy")  # hosts would seem healthy without their failures
    with FaultProxy(server.url) as proxy:
        read = collect(PrometheusClient(proxy.url), END - timedelta(days=1), END, exclude=names)
        assert not [r for r in proxy.seen if "increase" in r.query and "envoy" in r.query]
    assert [spec.name for spec in OPTIONAL if not getattr(read, spec.name).empty] == ["proxies"]


def _table(**labels: list[object]) -> Table:
    frame = pd.DataFrame(labels)
    size = len(frame)
    ones = pd.Series(range(size)).to_numpy(dtype="int64")
    return Table(frame, ones, ones * 0, (ones + 1).astype("float64"))


def test_proxies_without_a_name_are_not_counted_as_one() -> None:
    table = _table(edge=[0, 0, 1, 1], host=["a", "b", "", "c"])
    found = proxies(table)
    assert found[["edge", "proxies", "busiest_share"]].to_numpy().tolist() == [[0, 2, 2 / 3]]


def test_nothing_is_said_of_spans_that_did_not_arrive() -> None:
    start = pd.Timestamp(0, tz="UTC").to_pydatetime()
    gap = MissingPiece(query="", start=start, end=start + timedelta(hours=1), reason="no")
    table = _table(edge=[0], host=["a"])
    assert proxies(table, [gap.model_copy(update={"query": "proxies"})]).empty
    assert len(proxies(table, [gap.model_copy(update={"query": "hosts"})])) == 1
    later = {"query": "proxies", "start": gap.end, "end": gap.end + timedelta(hours=1)}
    assert len(proxies(table, [gap.model_copy(update=later)])) == 1


def test_without_any_series_the_frames_are_empty_and_whole() -> None:
    for frame, spec in ((proxies(None), PROXIES), (hosts(None), HOSTS)):
        pd.testing.assert_frame_equal(frame, spec.empty())
    pd.testing.assert_frame_equal(host_errors(None), HOST_ERRORS.empty())
