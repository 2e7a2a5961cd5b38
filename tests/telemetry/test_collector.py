"""Collecting from a real Prometheus what is known to be in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from known_week import END, LES, MEAN_MS, SHARES, START, WEB, Week, eventful_week
from scripted_api import Api, Asked, Reply, at_moments, failure, success, vector

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import InputError, SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.faults import UnreachableError
from observe.telemetry.frames import ALL
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
HOSTILE = ('o"k\\', "a\nb", "<script>alert(1)</script>", "x" * 2000, "{}|$1`", "ünï\U0001f600")
SANDBOX = {"container": "POD"}
integration = pytest.mark.integration


def _load(server: PrometheusServer, week: Week) -> PrometheusClient:
    push(server.url, week.labels, week.times_ms, week.values)
    return PrometheusClient(server.url)


def _flat(size: int, rate: int = 60) -> np.ndarray:
    return np.full(size, rate, dtype=np.int64)


def _short(hours: int = 30, **where: object) -> Week:
    return Week(start=END - timedelta(hours=hours), **where)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def week() -> Week:
    return eventful_week()


@pytest.fixture(scope="module")
def server(prometheus_server: Servers, week: Week) -> PrometheusServer:
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


@pytest.fixture(scope="module")
def snapshot(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


@integration
def test_a_week_of_replaced_pods_restarts_and_gaps_is_counted_within_one_percent(
    snapshot: Snapshot, week: Week
) -> None:
    truth = week.truth[("web", "200")]
    for frame in (snapshot.requests, snapshot.latency, snapshot.latency_sum):
        total = frame.loc[frame["code"] == "200", "requests"].sum()
        assert total == pytest.approx(truth, rel=0.002)
    assert snapshot.latency_sum["sum_ms"].sum() == pytest.approx(truth * MEAN_MS, rel=0.002)


@integration
def test_rare_errors_are_counted_although_each_proxy_starts_a_counter_with_the_first(
    snapshot: Snapshot, week: Week
) -> None:
    truth = week.truth[("web", "503")]
    counted = snapshot.requests.loc[snapshot.requests["code"] == "503", "requests"].sum()
    assert truth == 12
    assert counted == pytest.approx(truth, abs=1)


@integration
def test_buckets_hold_the_shares_that_were_drawn(snapshot: Snapshot) -> None:
    counts = snapshot.latency.groupby("le")["requests"].sum()
    assert counts.index.tolist() == list(LES)
    np.testing.assert_allclose(counts / counts.sum(), SHARES, atol=0.0005)
    lower = snapshot.latency.groupby("le")["gt"].unique().map(list).tolist()
    assert lower == [[gt] for gt in (0, *LES[:-1])]


@integration
def test_steps_cover_the_window_and_are_labelled_with_their_start(snapshot: Snapshot) -> None:
    window = snapshot.manifest.window
    assert (window.start, window.end) == (START, END)
    assert (window.step_seconds, window.coarse_step_seconds) == (300, 3600)
    usual = snapshot.requests[snapshot.requests["code"] == "200"]
    assert usual["time"].min() == START
    assert usual["time"].max() == END - timedelta(minutes=5)
    assert len(usual) == 7 * 288
    # 180 requests a minute; a step must not hold those of its neighbour too
    assert usual["requests"].median() == pytest.approx(900, rel=0.02)


@integration
def test_the_manifest_says_where_the_numbers_come_from(
    snapshot: Snapshot, server: PrometheusServer
) -> None:
    source = snapshot.manifest.source
    assert source.url == server.url
    assert source.server.startswith("Prometheus 2.")
    assert source.scrape_interval_seconds == 60
    assert source.coverage == 1  # the second pod was scraped while the other one was not
    assert source.warnings == ()
    assert snapshot.manifest.missing == ()
    assert snapshot.manifest.cost.queries <= 20
    assert snapshot.edges["cluster"].tolist() == ["east"]


@integration
def test_a_server_with_a_low_limit_gives_the_same_frames_in_more_pieces(
    prometheus_server: Servers, week: Week, snapshot: Snapshot
) -> None:
    limited = prometheus_server(flags=(*HISTORY_FLAGS, "--query.max-samples=3000"))
    pieces = collect(_load(limited, week), START, END)
    assert pieces.manifest.missing == ()
    assert pieces.manifest.cost.queries >= snapshot.manifest.cost.queries + 5
    for spec in ALL:
        left, right = getattr(pieces, spec.name), getattr(snapshot, spec.name)
        pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-12)


@integration
def test_hostile_labels_come_through_unharmed(prometheus_server: Servers) -> None:
    week = _short()
    size = len(week.times_ms)
    for number, name in enumerate(HOSTILE):
        week.add("p", _flat(size, 60 + number), labels=WEB | {"source_workload": name})
    snapshot = collect(_load(prometheus_server(flags=HISTORY_FLAGS), week), week.start, END)
    totals = snapshot.requests.merge(snapshot.edges, on="edge")
    got = totals.groupby("source_workload")["requests"].sum()
    assert sorted(got.index) == sorted(HOSTILE)
    for number, name in enumerate(HOSTILE):
        assert got[name] == pytest.approx((size - 1) * (60 + number))


@integration
def test_copies_of_two_prometheus_replicas_are_not_counted_twice(
    prometheus_server: Servers,
) -> None:
    week = _short()
    size = len(week.times_ms)
    half = slice(size // 3, size // 2)
    week.add("p", _flat(size), labels=WEB | {"prometheus_replica": "a"}, gap=half)
    week.add("p", _flat(size), labels=WEB | {"prometheus_replica": "b"})
    snapshot = collect(_load(prometheus_server(flags=HISTORY_FLAGS), week), week.start, END)
    assert snapshot.requests["requests"].sum() == pytest.approx(60 * (size - 1), rel=0.002)
    assert len(snapshot.edges) == 1
    (warning,) = snapshot.manifest.source.warnings
    assert "told apart by prometheus_replica" in warning


@integration
def test_a_window_beyond_the_retention_says_what_is_covered_and_lowers_the_coverage(
    prometheus_server: Servers,
) -> None:
    week = _short(hours=30)
    week.add("p", _flat(len(week.times_ms)), labels=WEB, gap=slice(1201, 1440))  # last hours are
    week.add("q", _flat(len(week.times_ms)), labels=WEB, gap=slice(1201, 1440))  # back again
    snapshot = collect(
        _load(prometheus_server(flags=HISTORY_FLAGS), week), END - timedelta(hours=60), END
    )
    before, outage = snapshot.manifest.source.warnings
    assert f"nothing was recorded before {week.start:%Y-%m-%d %H:%M} UTC" in before
    assert "nothing was recorded in" in outage
    recorded = 26 + 1 / 60
    assert snapshot.manifest.source.coverage == pytest.approx(recorded / 60, abs=0.02)
    assert snapshot.manifest.source.scrape_interval_seconds == 60


@integration
def test_telemetry_of_servers_only_is_read_and_said_so(prometheus_server: Servers) -> None:
    week = _short()
    labels = WEB | {"reporter": "destination", "destination_cluster": "west"}
    week.add("p", _flat(len(week.times_ms)), labels=labels)
    snapshot = collect(_load(prometheus_server(flags=HISTORY_FLAGS), week), week.start, END)
    assert snapshot.edges[["reporter", "cluster"]].to_numpy().tolist() == [["destination", "west"]]
    assert snapshot.latency.empty
    assert "only the servers' proxies report" in snapshot.manifest.source.warnings[0]


@integration
def test_a_slow_scrape_widens_the_fine_step(prometheus_server: Servers) -> None:
    week = _short()
    size = len(week.times_ms)
    week.add("p", _flat(size), labels=WEB)
    keep = np.arange(size) % 5 == 0  # scraped every five minutes
    client = PrometheusClient(prometheus_server(flags=HISTORY_FLAGS).url)
    push(client.settings.url, week.labels, week.times_ms[keep], week.values[:, keep])
    snapshot = collect(client, week.start, END)
    assert snapshot.manifest.source.scrape_interval_seconds == 300
    assert snapshot.manifest.window.step_seconds == 1200
    assert snapshot.requests["requests"].sum() == pytest.approx(60 * (size - 1), rel=0.001)


@integration
def test_containers_are_summed_by_the_workload_that_their_pods_names_tell(
    prometheus_server: Servers,
) -> None:
    week = _short()
    size = len(week.times_ms)
    week.add("p", _flat(size), labels=WEB)
    pods = {"web-7d4b9c8f6d-x2z5k": 0.5, "web-7d4b9c8f6d-k8s9d": 0.25, "db-0": 1.0}
    seconds = np.arange(size) * 60.0
    for number, (pod, cores) in enumerate(pods.items(), start=1):
        place = {"namespace": "shop", "pod": pod, "container": "app", "cluster": "east"}
        for name, values in {
            "container_cpu_usage_seconds_total": seconds * cores,
            "container_cpu_cfs_periods_total": seconds * 10,
            "container_cpu_cfs_throttled_periods_total": seconds * number,
            "container_memory_working_set_bytes": np.full(size, 1e6 * number),
        }.items():
            week.labels += [{"__name__": name, **place}, {"__name__": name, **place} | SANDBOX]
            week.rows += [values, values]
    snapshot = collect(_load(prometheus_server(flags=HISTORY_FLAGS), week), week.start, END)
    columns = ["pods", "cpu_cores", "cpu_throttled", "memory_bytes"]
    found = snapshot.containers.groupby(["cluster", "namespace", "workload", "container"])[columns]
    assert found.median().to_dict("index") == {
        ("east", "shop", "db", "app"): dict(zip(columns, (1, 1.0, 0.3, 3e6), strict=True)),
        ("east", "shop", "web", "app"): dict(zip(columns, (2, 0.75, 0.15, 2e6), strict=True)),
    }
    assert found.size().tolist() == [30, 30]


@integration
def test_an_empty_prometheus_says_what_to_check(prometheus_server: Servers) -> None:
    with pytest.raises(SourceError, match="holds no Istio metrics") as caught:
        collect(PrometheusClient(prometheus_server(flags=HISTORY_FLAGS).url), START, END)
    assert "Is it the Prometheus that scrapes the proxies" in caught.value.hint


@integration
def test_excluded_frames_are_not_asked_for(server: PrometheusServer) -> None:
    snapshot = collect(
        PrometheusClient(server.url), END - timedelta(days=1), END, exclude=("latency", "coverage")
    )
    assert snapshot.latency.empty
    assert snapshot.coverage.empty
    assert not snapshot.requests.empty
    with pytest.raises(
        InputError, match=r"nothing is called latencies\. Choose from autoscalers, containers,"
    ):
        collect(PrometheusClient(server.url), START, END, exclude=("latencies",))


@integration
def test_quotes_in_the_calls_of_the_library_do_no_harm(server: PrometheusServer) -> None:
    client = PrometheusClient(server.url)
    assert client.get_current_metric_value("istio_requests_total", {"pod": "o'k\"\n"}) == []
    found = client.custom_query_range("vector(1)", START, END, "86400")
    assert len(found[0]["values"]) == 8
    assert client.check_prometheus_connection()
    for call in (client.get_metric_range_data, client.get_metric_aggregation):
        with pytest.raises(InputError, match="is not offered"):
            call("up")
    with pytest.raises(InputError, match="has no zone"):
        client.instant("up", START.replace(tzinfo=None))


@integration
def test_a_query_that_does_not_parse_is_explained_by_the_server(server: PrometheusServer) -> None:
    with pytest.raises(SourceError, match=r"could not parse a query \(400\): .*parse error"):
        PrometheusClient(server.url).instant("sum(")


def test_a_server_that_refuses_after_the_survey_raises_its_reason(
    api: Callable[..., Api],
) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/values"):
            return success(["istio_requests_total"])
        if asked.path.endswith("/labels"):
            return success(["reporter"])
        if asked.path.endswith("/query"):
            return at_moments(asked) if asked.params["query"] != "1" else vector()
        return failure(403, "", "quota is used up")

    with pytest.raises(UnreachableError, match="quota is used up"):
        collect(PrometheusClient(api(answer).url), START, END)


def test_a_wrong_window_is_refused_before_anything_is_asked(api: Callable[..., Api]) -> None:
    server = api(lambda _: vector())
    with pytest.raises(InputError, match="before it starts"):
        collect(PrometheusClient(server.url), END, START)
    assert server.asked == []
