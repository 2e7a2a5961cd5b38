"""istiod's pushes, times and sizes, collected from its metrics and from recorded series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from known_containers import requests
from known_proxies import START, Proxies, at, hour
from known_week import END

from observe.bootstrap.config.federation import recorded_rules
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.demo.tier_files import demo_stack
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.istiod_entries import (
    COUNTS,
    PROXIES,
    QUANTILES,
    STATES,
    istiod_entries,
    recorded_as,
)
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
TYPED = {"eds": (10.0, 0.99), "cds": (1.0, 1.0)}


def _mesh() -> Proxies:
    """Two replicas with 30 and 20 proxies; a rejection, the first one, at 12:30."""
    found = Proxies()
    requests(found)
    minutes = np.arange(len(found.times_ms), dtype=np.float64)
    for pod, proxies, services in (("istiod-a", 30.0, 24.0), ("istiod-b", 20.0, 25.0)):
        own = {
            "cluster": "east",
            "pod": pod,
            "instance": f"{pod}:15014",
            "namespace": "istio-system",
        }
        found.add("pilot_xds", own | {"version": "1.27"}, 0 * minutes + proxies)
        found.add("pilot_services", own, 0 * minutes + services)
        found.add("pilot_push_triggers", own | {"type": "endpoint"}, 5 * minutes)
        for kind, (rate, small) in TYPED.items():
            found.add("pilot_xds_pushes", own | {"type": kind}, rate * minutes)
            for le, share in (("1", 0.0), ("10000", small), ("1e+06", 1.0), ("+Inf", 1.0)):
                name = "pilot_xds_config_size_bytes_bucket"
                found.add(name, own | {"type": kind, "le": le}, 100 * share * minutes)
        for le, share in (("0.1", 0.5), ("0.5", 1.0), ("+Inf", 1.0)):
            buckets = own | {"le": le}
            found.add("pilot_proxy_convergence_time_bucket", buckets, 10 * share * minutes)
            found.add("pilot_proxy_queue_time_bucket", buckets, 10 * minutes)
    found.add("pilot_xds_pushes", own | {"type": "cds_senderr"}, minutes)
    rejected = np.where(minutes >= hour(12, 30), 2.0, np.nan)
    found.add("pilot_total_xds_rejects", own | {"type": "lds"}, rejected)
    return found


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    found = _mesh()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, found.labels, found.times_ms, found.values)
    return running


@pytest.fixture(scope="module")
def snapshot(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


@pytest.fixture(scope="module")
def recorded(server: PrometheusServer, prometheus_server: Servers) -> Snapshot:
    federated = prometheus_server(flags=HISTORY_FLAGS)
    begin, client = START - timedelta(minutes=10, seconds=-28), PrometheusClient(server.url)
    for name, expression in recorded_rules(demo_stack(["east"])):
        if not name.startswith(("workload:istio", "controlplane:")):
            continue
        found = client.range(expression, begin, END, 60)
        if not found.labels:
            continue
        times, places = np.unique(found.times_ms, return_inverse=True)
        values = np.full((len(found.labels), len(times)), np.nan)
        values[found.series, places] = found.values
        push(federated.url, [{**one, "__name__": name} for one in found.labels], times, values)
    return collect(PrometheusClient(federated.url), START, END)


EXPECTED = {
    "replicas": 2.0,
    "proxies": 50.0,
    "services": 25.0,
    "pushes": 2 * 60 * 11.0,
    "push_errors": 60.0,
    "push_timeouts": 0.0,
    "convergence_p50": 0.1,
    "convergence_p99": 0.1 + 0.4 * 0.98,
    "queue_p99": 0.099,
}
SIZES = {"eds": (1200.0, 10_000.0, 1e6), "cds": (120.0, 1 + 9999 * 0.99, 10_000.0)}


def _check(found: Snapshot, hours: slice, rel: float) -> None:
    rows = found.istiod.set_index("time")
    assert rows.index.tolist() == list(pd.date_range(START, periods=30, freq="h"))
    for row in rows.iloc[hours].to_dict("records"):
        assert {name: row[name] for name in EXPECTED} == pytest.approx(EXPECTED, rel=rel)
    assert rows[["virtual_services", "injection_failures"]].isna().all(axis=None)
    triggers = found.istiod_triggers.set_index("time").iloc[hours]
    assert set(triggers["type"]) == {"endpoint"}
    assert triggers["triggers"].tolist() == pytest.approx([600.0] * len(triggers), rel=rel)
    for kind, expected in SIZES.items():
        of_kind = found.istiod_config[found.istiod_config["type"] == kind].iloc[hours]
        for row in of_kind[["pushes", "bytes_p99", "bytes_most"]].to_numpy().tolist():
            assert row == pytest.approx(expected, rel=rel)


@integration
def test_replicas_are_added_up_and_what_all_know_is_the_largest(snapshot: Snapshot) -> None:
    assert snapshot.manifest.missing == ()
    _check(snapshot, slice(None), 1e-9)


@integration
def test_the_first_rejection_counts_though_its_counter_is_new(snapshot: Snapshot) -> None:
    rejects = snapshot.istiod.set_index("time")["rejects"]
    assert rejects[at(12)] == 2.0
    assert set(rejects.drop(at(12))) == {0.0}


@integration
def test_recorded_rates_tell_the_same_but_for_first_events(recorded: Snapshot) -> None:
    assert recorded.manifest.source.flavour == "recorded"
    _check(recorded, slice(1, None), 1e-6)
    assert set(recorded.istiod["rejects"]) == {0.0}


def test_what_is_read_is_recorded() -> None:
    names = {name for name, _ in recorded_rules(demo_stack(["east"]))}
    metrics = {PROXIES, *STATES.values(), *COUNTS.values(), *(m for _, m in QUANTILES.values())}
    assert {recorded_as(metric) for metric in metrics} <= names


def test_nothing_is_asked_where_istiod_is_not_scraped() -> None:
    assert istiod_entries(["pilot_services"]) == ()
    assert [entry.name for entry in istiod_entries(["pilot_xds"])] == ["istiod-states"]
