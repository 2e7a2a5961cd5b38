"""What Prometheus answers about single proxies is what the frames of the simulation hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
import pytest
from meshes import MONDAY, RHYTHM

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.failing import FailureProcess, Retries
from observe.demo.load import load_week
from observe.demo.mixture import constant, lognormal
from observe.demo.simulate import snapshot_from_truth
from observe.demo.truth import Edge, Service, Truth, Workload
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.snapshot import Snapshot

pytestmark = pytest.mark.integration

CLIENT = Workload("east", "shop", "web", replicas=3, skew=1.0)
SERVER = Workload("east", "shop", "api", replicas=3)
BAD = FailureProcess("bad_host", "503", "-", 0.5, constant(3.0), active=((2.0, 1.0),), bad_hosts=1)
END = MONDAY + timedelta(days=1)

Both = tuple[Snapshot, Snapshot]


@pytest.fixture(scope="module")
def both(prometheus_server: Callable[..., PrometheusServer]) -> Both:
    service = Service(
        SERVER,
        lognormal(50, 0.3),
        RHYTHM,
        processes=(BAD,),
        retries=Retries(2, frozenset({"503"})),
    )
    truth = Truth((Edge(CLIENT, service, 20.0),), seed=5)
    server = prometheus_server(flags=HISTORY_FLAGS, retention="100y")
    load_week(server.url, truth, 1, END, days=1)
    collected = collect(PrometheusClient(server.url), MONDAY, END)
    return collected, snapshot_from_truth(truth, 1, MONDAY, days=1)


def test_the_same_hosts_served_the_same_within_the_noise(both: Both) -> None:
    sums = [s.hosts.groupby("host")["requests"].sum().sort_index() for s in both]
    assert list(sums[0].index) == list(sums[1].index)
    assert len(sums[0]) == 3
    pd.testing.assert_series_equal(*sums, rtol=0.02)


def test_the_same_host_failed_in_the_same_hour(both: Both) -> None:
    hosts = [set(s.host_errors["host"]) for s in both]
    assert hosts[0] == hosts[1]
    assert len(hosts[0]) == 1
    hours = [set(s.host_errors["time"].dt.hour) for s in both]
    assert hours[0] == hours[1] == {2}
    counts = [s.host_errors["requests"].sum() for s in both]
    assert counts[0] == pytest.approx(counts[1], abs=6 * counts[1] ** 0.5)


def test_the_same_proxies_have_the_same_share(both: Both) -> None:
    for name in ("proxies", "busiest_share"):
        found = []
        for snapshot in both:
            edges = snapshot.edges[snapshot.edges["reporter"] == "source"]["edge"]
            rows = snapshot.proxies[snapshot.proxies["edge"].isin(edges)]
            found.append(rows[name].mean())
        assert found[0] == pytest.approx(found[1], rel=0.01)


def test_tries_per_request_are_the_same(both: Both) -> None:
    ratios = []
    for snapshot in both:
        reporter = snapshot.edges.set_index("edge")["reporter"]
        by = snapshot.requests.groupby(snapshot.requests["edge"].map(reporter))["requests"].sum()
        ratios.append(by["destination"] / by["source"])
    assert ratios[0] == pytest.approx(ratios[1], rel=0.002)
    assert ratios[0] > 1.002
