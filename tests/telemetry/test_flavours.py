"""Telemetry of other versions and modes: read where it can be, and said where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from known_week import END, WEB, Week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.findings import ZTUNNEL, reporter_warnings, series_warnings
from observe.telemetry.snapshot import Snapshot

HOURS = 6
START = END - timedelta(hours=HOURS)
integration = pytest.mark.integration
BUCKETS = frozenset({"istio_request_duration_milliseconds_bucket"})


@pytest.fixture
def read(prometheus_server: Callable[..., PrometheusServer]) -> Callable[[Week], Snapshot]:
    """Collects a week from a server that holds nothing else."""

    def load(week: Week) -> Snapshot:
        server = prometheus_server(flags=HISTORY_FLAGS)
        push(server.url, week.labels, week.times_ms, week.values)
        return collect(PrometheusClient(server.url), START, END)

    return load


def _week(**labels: str) -> Week:
    week = Week(start=START)
    week.add("web-1", np.full(len(week.times_ms), 60), labels=WEB | labels)
    return week


@integration
@pytest.mark.parametrize(
    ("pod", "container"), [("pod", "container"), ("pod_name", "container_name")]
)
def test_containers_are_read_by_the_labels_of_old_and_of_new_cadvisor(
    read: Callable[[Week], Snapshot], pod: str, container: str
) -> None:
    week = _week()
    seconds = np.arange(len(week.times_ms)) * 60.0
    for image in ("app", "istio-proxy", "POD"):
        place = {"namespace": "shop", pod: "web-7d4b9c8f6d-x2z5k", container: image}
        for metric, values in {
            "container_cpu_usage_seconds_total": seconds * 0.5,
            "container_cpu_cfs_periods_total": seconds * 10,
            "container_cpu_cfs_throttled_periods_total": seconds,
            "container_memory_working_set_bytes": np.full(len(seconds), 1e6),
        }.items():
            week.labels.append({"__name__": metric, **place})
            week.rows.append(values)
    found = read(week).containers
    medians = found.groupby(["workload", "container"]).median(numeric_only=True)
    assert medians.index.tolist() == [("web", "app"), ("web", "istio-proxy")]
    for row in medians.to_dict("records"):
        assert row == {"pods": 1, "cpu_cores": 0.5, "cpu_throttled": 0.1, "memory_bytes": 1e6}


@integration
def test_a_waypoint_stands_in_for_clients(read: Callable[[Week], Snapshot]) -> None:
    found = read(_week(reporter="waypoint"))
    assert found.edges["reporter"].tolist() == ["waypoint"]
    assert found.latency["requests"].sum() == pytest.approx(60 * 60 * HOURS)
    assert found.manifest.source.warnings == ()


@integration
def test_bytes_of_ztunnel_are_left_aside_and_said_to_be_all_it_knows(
    read: Callable[[Week], Snapshot],
) -> None:
    week = _week()
    size = len(week.times_ms)
    tcp = {k: v for k, v in WEB.items() if not k.startswith(("response", "grpc"))}
    for metric in ("istio_tcp_sent_bytes_total", "istio_tcp_connections_opened_total"):
        row = {"__name__": metric, **tcp, "request_protocol": "tcp", "app": "ztunnel"}
        week.labels.append(row)
        week.rows.append(np.arange(size) * 1e3)
    week.labels.append({"__name__": ZTUNNEL, "app": "ztunnel"})
    week.rows.append(np.ones(size))
    found = read(week)
    assert found.edges["protocol"].tolist() == ["http"]
    assert found.requests["requests"].sum() == pytest.approx(60 * 60 * HOURS)
    (warning,) = found.manifest.source.warnings
    assert "ztunnel reports TCP only" in warning
    assert "give their namespaces a waypoint" in warning


@integration
def test_a_federated_sum_of_counters_is_recognised_by_the_labels_it_lost(
    read: Callable[[Week], Snapshot],
) -> None:
    week = _week()
    for labels in week.labels:
        labels.pop("pod")
        labels.pop("instance")
    (warning,) = read(week).manifest.source.warnings
    assert "a federated sum of counters" in warning
    assert "workload:istio_requests:rate5m" in warning


def test_a_waypoint_answers_for_ztunnel() -> None:
    names = frozenset({ZTUNNEL})
    assert reporter_warnings(("waypoint",), names) == []
    assert len(reporter_warnings(("source",), names)) == 1
    assert len(reporter_warnings(("destination",), names)) == 2


def test_labels_that_could_not_be_asked_for_are_not_judged() -> None:
    assert series_warnings(BUCKETS, "raw", None, ()) == []
    assert series_warnings(BUCKETS, "raw", ("pod",), ()) == []
    assert series_warnings(BUCKETS, "raw", ("reporter",), ()) != []
