"""What single proxies count, as frames and as counters."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from meshes import MONDAY, RHYTHM

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant, lognormal
from observe.demo.simulate import simulate, snapshot_from_truth
from observe.demo.truth import Edge, Service, Truth, Workload
from observe.telemetry.snapshot import Snapshot

CLIENT = Workload("east", "shop", "web", replicas=3, skew=1.0)
SERVER = Workload("east", "shop", "api", replicas=4, rollouts=(7.5,))
BAD = FailureProcess("bad_host", "503", "-", 0.5, constant(3.0), active=((2.0, 1.0),), bad_hosts=1)


def _truth(*processes: FailureProcess, attempts: int = 0, stats: bool = False) -> Truth:
    retries = Retries(attempts, frozenset({"503", "connect-failure"}))
    service = Service(SERVER, lognormal(50, 0.3), RHYTHM, processes=processes, retries=retries)
    return Truth((Edge(CLIENT, service, 100.0),), seed=5, envoy_stats=stats)


def _snapshot(truth: Truth) -> Snapshot:
    return snapshot_from_truth(truth, 1, MONDAY, days=1)


def test_the_busiest_proxy_has_its_share() -> None:
    proxies = _snapshot(_truth()).proxies
    source = proxies[proxies["edge"] == 0]
    assert source["proxies"].tolist() == [3.0] * 24
    assert source["busiest_share"].mean() == pytest.approx(0.5, abs=0.002)
    served = proxies[proxies["edge"] == 1]
    # all four pods are replaced half-way through the hour
    assert served["proxies"].tolist() == [4.0] * 7 + [8.0] + [4.0] * 16


def test_hosts_add_up_to_what_the_servers_count() -> None:
    snapshot = _snapshot(_truth(BAD, attempts=2))
    of_edge = snapshot.requests[snapshot.requests["edge"] == 1]
    hourly = of_edge.groupby(of_edge["time"].dt.floor("h"))["requests"].sum()
    hosts = snapshot.hosts.groupby("time")["requests"].sum()
    pd.testing.assert_series_equal(hosts, hourly, check_names=False, check_freq=False)
    assert snapshot.hosts["host"].nunique() == 8


def test_only_the_bad_host_fails_and_only_in_its_span() -> None:
    snapshot = _snapshot(_truth(BAD))
    errors = snapshot.host_errors
    assert errors["host"].nunique() == 1
    assert (errors["time"].min().hour, errors["time"].max().hour) == (2, 2)
    host = snapshot.hosts[(snapshot.hosts["host"] == errors["host"].iloc[0])]
    served = host[host["time"].dt.hour == 2]["requests"].sum()
    assert errors["requests"].sum() / served == pytest.approx(0.5, abs=0.02)
    # tries that fail at once leave the others their share
    total = snapshot.hosts[snapshot.hosts["time"].dt.hour == 2]["requests"].sum()
    assert served / total == pytest.approx(0.25, abs=0.01)


def test_retries_show_as_more_requests_at_the_servers_than_at_the_source() -> None:
    process = FailureProcess("independent", "503", "-", 0.2, constant(3.0))
    snapshot = _snapshot(_truth(process, attempts=2))
    by_edge = snapshot.requests.groupby("edge")["requests"].sum()
    assert by_edge[1] / by_edge[0] == pytest.approx(1.24, abs=0.002)


def test_envoys_counters_tell_what_was_retried_and_cured() -> None:
    refused = FailureProcess("independent", "503", "UF", 0.1, constant(3.0))
    assert _snapshot(_truth(refused, attempts=2)).envoy.empty
    snapshot = _snapshot(_truth(refused, attempts=2, stats=True))
    requests = snapshot.requests[snapshot.requests["edge"] == 0]["requests"].sum()
    envoy = snapshot.envoy
    assert envoy["retries"].sum() / requests == pytest.approx(0.11, rel=0.01)
    assert envoy["retry_successes"].sum() / requests == pytest.approx(0.099, rel=0.01)


def test_the_gauge_shows_the_requests_under_way_of_the_busiest_proxy() -> None:
    # 100 requests a second of 50 ms, half of them in one proxy: Poisson around 2.6
    envoy = _snapshot(_truth(stats=True)).envoy
    peak = envoy[envoy["time"].dt.hour == 14]
    assert 6 <= peak["requests_active"].iloc[0] <= 11
    assert peak["connections_active"].iloc[0] >= peak["requests_active"].iloc[0]


def test_counters_tell_the_same_as_the_frames() -> None:
    truth = _truth(BAD, attempts=2)
    snapshot = _snapshot(truth)
    _, day = simulate(truth, 1, MONDAY, 1)
    errors: Counter[str] = Counter()
    served: Counter[str] = Counter()
    for labels, values in zip(day.labels, day.values, strict=True):
        if labels["__name__"] != "istio_requests_total" or labels["reporter"] != "destination":
            continue
        growth = values[~pd.isna(values)]
        served[labels["instance"]] += float(growth[-1] - growth[0])
        if labels["response_code"] == "503":
            errors[labels["instance"]] += float(growth[-1])
    assert set(served) == set(snapshot.hosts["host"])
    assert set(errors) == set(snapshot.host_errors["host"])
    frame = snapshot.host_errors["requests"].sum()
    assert sum(errors.values()) == pytest.approx(frame, abs=5 * frame**0.5)
    hosts = snapshot.hosts.groupby("host")["requests"].sum()
    for host, count in served.items():
        assert count == pytest.approx(hosts[host], rel=0.02)


def test_a_mesh_without_processes_has_even_hosts() -> None:
    plain = replace(_truth().edges[0].service, retries=None)
    snapshot = _snapshot(Truth((Edge(CLIENT, plain, 100.0),)))
    before = snapshot.hosts[snapshot.hosts["time"].dt.hour < 7]
    by_host = before.groupby("host")["requests"].sum()
    assert len(by_host) == 4
    assert by_host.max() / by_host.min() == pytest.approx(1.0, abs=0.01)
