"""Recorded rates lead to what the counters lead to, which they were recorded from by real rules."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from known_week import END, WEB, Week
from scripted_api import Api, Asked, Reply, at_moments, success

from observe.bootstrap.backfill import backfill_rates
from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.durations import parse_ms
from observe.recommend.engine import recommend
from observe.recommend.policy import Policy, TimeoutPolicy
from observe.telemetry.catalogue import CONTAINER_LABELS, ENTRIES, promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.flavour import NAMES, survey
from observe.telemetry.frames import OPTIONAL
from observe.telemetry.recorded import (
    RECORDED_REQUESTS,
    RECORDINGS,
    SOURCES,
    recorded_entries,
    rule_file,
)
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
START = END - timedelta(hours=12)
DURATION = "istio_request_duration_milliseconds"
integration = pytest.mark.integration


def _week() -> Week:
    """Half a day: steady traffic, a pod replaced, a proxy restarted, a failed scrape, errors."""
    week = Week(start=START - timedelta(hours=1))
    rng = np.random.default_rng(7)
    scrapes = len(week.times_ms)
    failed = {"response_code": "503", "response_flags": "UF"}
    for pod, alive in (("web-1", slice(0, 400)), ("web-2", slice(400, None))):
        week.add(pod, rng.poisson(300, scrapes), labels=WEB, alive=alive)
        week.add(pod, rng.poisson(3, scrapes), labels=WEB | failed, alive=alive)
    week.add("web-9", rng.poisson(60, scrapes), labels=WEB, reset_at=250, gap=slice(500, 501))
    place = {"namespace": "shop", "container": "app"}
    cores = np.arange(scrapes) * 60.0 * 0.5
    for pod in ("web-7d4b9c8f6d-x2z5k", "web-7d4b9c8f6d-k8s9d"):
        for name, values in {
            "container_cpu_usage_seconds_total": cores,
            "container_cpu_cfs_periods_total": cores * 20,
            "container_cpu_cfs_throttled_periods_total": cores * 5,
            "container_memory_working_set_bytes": np.full(scrapes, 3e7),
        }.items():
            week.labels.append({"__name__": name, "pod": pod, **place})
            week.rows.append(values)
    return week


@pytest.fixture(scope="module")
def both(
    prometheus_server: Servers, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, Snapshot]:
    """The same telemetry from counters, and from rates that rules recorded."""
    week = _week()
    source = prometheus_server(flags=HISTORY_FLAGS)
    push(source.url, week.labels, week.times_ms, week.values)
    folder = tmp_path_factory.mktemp("federated")
    backfill_rates(source.url, folder / "data", START - timedelta(minutes=30), END)
    federated = prometheus_server(folder)
    return tuple(  # type: ignore[return-value]
        collect(PrometheusClient(server.url), START, END) for server in (source, federated)
    )


@integration
def test_rates_are_recognised_with_their_interval(both: tuple[Snapshot, Snapshot]) -> None:
    raw, recorded = both
    assert raw.manifest.source.flavour == "raw"
    assert recorded.manifest.source.flavour == "recorded"
    assert recorded.manifest.source.scrape_interval_seconds == 60
    assert recorded.manifest.source.warnings == ()
    assert recorded.manifest.missing == ()
    assert recorded.manifest.source.coverage == pytest.approx(1, abs=0.002)


@integration
def test_rates_add_up_to_the_requests_of_the_counters(both: tuple[Snapshot, Snapshot]) -> None:
    raw, recorded = both
    pd.testing.assert_frame_equal(raw.edges, recorded.edges)
    for name, value in (
        ("requests", "requests"),
        ("latency", "requests"),
        ("latency_sum", "requests"),
        ("latency_sum", "sum_ms"),
    ):
        left = getattr(raw, name).groupby("code", observed=True)[value].sum()
        right = getattr(recorded, name).groupby("code", observed=True)[value].sum()
        assert left.index.tolist() == ["200", "503"]
        pd.testing.assert_series_equal(left, right, check_exact=False, rtol=0.003)


@integration
def test_buckets_hold_the_same_shares(both: tuple[Snapshot, Snapshot]) -> None:
    shares = [s.latency.groupby(["gt", "le"])["requests"].sum() for s in both]
    left, right = (counts / counts.sum() for counts in shares)
    pd.testing.assert_series_equal(left, right, check_exact=False, atol=3e-4, rtol=0)


@integration
def test_containers_are_the_same(both: tuple[Snapshot, Snapshot]) -> None:
    keys = [*CONTAINER_LABELS]
    left, right = (s.containers.groupby(keys)[list(_COLUMNS)].median() for s in both)
    assert left.to_dict("records") == [pytest.approx(_COLUMNS, rel=1e-6)]
    pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-6)


_COLUMNS = {"pods": 2.0, "cpu_cores": 1.0, "cpu_throttled": 0.25, "memory_bytes": 3e7}


@integration
def test_recommendations_agree_within_the_error_that_the_method_states(
    both: tuple[Snapshot, Snapshot],
) -> None:
    policy = Policy(timeout=TimeoutPolicy(false_timeout_rate=0.01))
    raw, recorded = (recommend(snapshot, policy).timeouts for snapshot in both)
    assert [r.id for r in raw] == [r.id for r in recorded] == ["timeout/east/shop/pay"]
    for left, right in zip(raw, recorded, strict=True):
        ours, theirs = (parse_ms(r.proposed["timeout"]) for r in (left, right))
        assert theirs == pytest.approx(ours, rel=0.02)
        assert right.severity == left.severity
        assert right.evidence.estimate_ms == pytest.approx(left.evidence.estimate_ms, rel=0.01)
        assert right.evidence.requests == pytest.approx(left.evidence.requests, rel=0.005)


@integration
@pytest.mark.parametrize("offset_ms", [0, 1, 17_250, 59_999])
def test_a_sample_on_the_border_of_two_steps_counts_once(
    prometheus_server: Servers, offset_ms: int
) -> None:
    """Rulers may evaluate on round times, and Prometheus 2 takes both ends into a range."""
    week = Week(start=START - timedelta(hours=1))
    size = len(week.times_ms)
    week.labels = [
        {"__name__": RECORDED_REQUESTS, **WEB},
        {"__name__": f"workload:{DURATION}_bucket:rate5m", **WEB, "le": "+Inf"},
        {"__name__": f"workload:{DURATION}_sum:rate5m", **WEB},
        {"__name__": f"workload:{DURATION}_count:rate5m", **WEB},
    ]
    week.rows = [np.full(size, 2.0)] * 2 + [np.full(size, 66.0), np.full(size, 2.0)]
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, week.labels, week.times_ms + offset_ms, week.values)
    found = collect(PrometheusClient(server.url), START, END)
    # with an offset the last sample lies beyond the window, and the first step holds another one
    assert set(found.requests["requests"].round(6)) == {600.0}
    assert set(found.latency["requests"].round(6)) == {7200.0}
    assert set((found.latency_sum["sum_ms"] / found.latency_sum["requests"]).round(6)) == {33.0}


@integration
def test_promtool_accepts_the_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps(rule_file()))
    command = [str(find_binary("promtool")), "check", "rules", str(rules)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(RECORDINGS) + 1} rules found" in done.stdout


def test_every_entry_reads_series_that_a_rule_records_and_a_survey_looks_for() -> None:
    pattern = re.search(r'__name__=~"(.*)"', NAMES)
    assert pattern is not None
    arrived, *entries = recorded_entries(60)
    assert re.fullmatch(pattern.group(1), arrived.metrics[0])
    of_sums = [e for e in ENTRIES if e.frame not in {spec.name for spec in OPTIONAL}]
    assert [e.name for e in entries] == [e.name for e in of_sums]
    for entry, raw in zip(entries, of_sums, strict=True):
        assert (entry.frame, entry.by, entry.step) == (raw.frame, raw.by, raw.step)
        query = promql(entry, 3600, ("replica",))
        assert "$" not in query.replace("$1", "")
        for metric in entry.metrics:
            assert metric in SOURCES
            assert metric in query
            assert re.fullmatch(pattern.group(1), metric)


def _federated(names: list[str], clusters: dict[str, list[str]], distance: int) -> object:
    """A server that holds these metrics; series of each exist in these clusters."""
    begin = START.timestamp()

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/values"):
            return success(names)
        if asked.path.endswith("/labels"):
            return success(["cluster", "reporter", "pod"])
        query = asked.params["query"]
        if "group by (cluster)" in query:
            found = next(v for k, v in clusters.items() if k in query)
            return at_moments(asked, *(({"cluster": name}, [(begin, "1")]) for name in found))
        if "topk" in query:
            return at_moments(asked, ({}, [(begin, str(3600 // distance))]))
        if not query.startswith("label_replace"):
            return success({"resultType": "matrix", "result": []})
        metric = "istio_requests_total" if '"istio' in query else RECORDED_REQUESTS
        labels = {"__name__": metric, "reporter": "source"}
        return at_moments(asked, (labels, [(begin, "7")]))

    return answer


BOTH = ["istio_requests_total", "istio_request_duration_milliseconds_bucket", RECORDED_REQUESTS]


@pytest.mark.parametrize(
    ("raw", "recorded", "kind", "said"),
    [
        (["east"], ["east"], "raw", ""),
        (["east"], ["east", "west"], "recorded", ""),
        (["east"], ["west"], "raw", "the clusters west have recorded rates only"),
    ],
)
def test_counters_are_read_unless_a_cluster_has_rates_only(
    api: Callable[..., Api], raw: list[str], recorded: list[str], kind: str, said: str
) -> None:
    clusters = {RECORDED_REQUESTS: recorded, "istio_requests_total": raw}
    server = api(_federated(BOTH, clusters, 60))
    found = survey(PrometheusClient(server.url), START, END)
    assert found.kind == kind
    assert found.series == 7
    assert len(found.warnings) == bool(said)
    assert all(said in warning for warning in found.warnings)


def test_rates_that_are_federated_too_rarely_are_said_to_miss_time(
    api: Callable[..., Api],
) -> None:
    names = [RECORDED_REQUESTS, "workload:istio_request_duration_milliseconds_bucket:rate5m"]
    found = survey(PrometheusClient(api(_federated(names, {}, 600)).url), START, END)
    assert found.kind == "recorded"
    assert found.scrape_seconds == 600
    (warning,) = found.warnings
    assert "federate at least every 300 s" in warning
    assert "* 600" in next(e for e in found.entries if e.name == "requests").template
