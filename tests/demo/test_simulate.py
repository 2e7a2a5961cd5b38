"""Counters and frames are drawn from the truth, within the noise that they must have."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from meshes import INCIDENT, MONDAY, api, mesh
from numpy.typing import NDArray
from scipy import stats

from observe.demo.process import arrivals, slowness, streams
from observe.demo.simulate import SeriesBlock, simulate, snapshot_from_truth
from observe.demo.stream import BOUNDS, SERVER_SHARE
from observe.demo.truth import Gap, Truth
from observe.errors import InputError
from observe.telemetry import frames
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
DAY = np.arange(24, dtype=np.int64)
BUCKET = "istio_request_duration_milliseconds_bucket"


def _blocks(truth: Truth, seed: int = 1, days: int = 1, **options: float) -> list[SeriesBlock]:
    return list(simulate(truth, seed, MONDAY, days, **options))  # type: ignore[arg-type]


def _select(block: SeriesBlock, **labels: str) -> list[tuple[dict[str, str], Floats]]:
    return [
        (series, values)
        for series, values in zip(block.labels, block.values, strict=True)
        if all(series.get(k) == v for k, v in labels.items())
    ]


def _growth(values: Floats) -> float:
    """Increase of a counter over its samples, from zero when it is born inside."""
    present = values[~np.isnan(values)]
    return float(present[-1] - (present[0] if not np.isnan(values[0]) else 0.0))


def _totals(truth: Truth, by: str, seed: int = 1, **labels: str) -> dict[str, float]:
    """Increase over the first day of all matching series, summed by a label."""
    before, day = _blocks(truth, seed)
    start = {frozenset(s.items()): v[-1] for s, v in zip(before.labels, before.values, strict=True)}
    found: dict[str, float] = defaultdict(float)
    for series, values in _select(day, **labels):
        first = start.get(frozenset(series.items()), 0.0)
        found[series[by]] += float(values[~np.isnan(values)][-1]) - first
    return dict(found)


def test_the_number_of_requests_is_poisson_around_the_truth() -> None:
    truth = mesh()
    expected = arrivals(truth, truth.edges[0], DAY).sum()
    got = _totals(truth, "reporter", __name__="istio_requests_total")
    assert got["source"] == pytest.approx(expected, abs=4 * np.sqrt(expected))
    # connect failures (1 %) never reach the server
    assert got["destination"] == pytest.approx(0.99 * got["source"], rel=0.001)
    assert got["destination"] < got["source"]


@pytest.mark.parametrize("reporter", ["source", "destination"])
def test_buckets_follow_the_mixture_by_chi_square(reporter: str) -> None:
    truth = mesh(api(jitter=0.05, saturation=0.5))
    totals = _totals(truth, "le", __name__=BUCKET, response_code="200", reporter=reporter)
    cumulative = [totals["+Inf" if np.isinf(b) else f"{b:g}"] for b in BOUNDS if b < 1e6]
    observed = np.diff([*cumulative, totals["+Inf"]], prepend=0.0)
    stream = next(s for s in streams(truth, truth.edges[0], DAY) if s.outcome.code == "200")
    factor = 1.0 if reporter == "source" else SERVER_SHARE
    probability, _ = stream.buckets(BOUNDS[: len(observed)].copy(), factor)
    expected = (stream.expected.sum(axis=1)[:, None] * probability).sum(axis=0)
    enough = expected > 5
    observed, expected = observed[enough], expected[enough]
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert enough.sum() >= 8
    assert 0.001 < stats.chi2.sf(statistic, len(observed)) < 0.999


def test_the_sum_is_the_mean_duration_times_the_count() -> None:
    truth = mesh(api(jitter=0.05, saturation=0.5, failures=()))
    labels = {"reporter": "source", "response_code": "200"}
    total = _totals(truth, "reporter", __name__=BUCKET.replace("bucket", "sum"), **labels)
    count = _totals(truth, "reporter", __name__=BUCKET.replace("bucket", "count"), **labels)
    edge = truth.edges[0]
    weights = arrivals(truth, edge, DAY).sum(axis=1)
    mean = (weights @ slowness(truth, edge, DAY)) / weights.sum()
    mean *= edge.service.latency.partial_mean(np.array([1e12]))[0]
    assert total["source"] / count["source"] == pytest.approx(mean, rel=0.003)


def test_a_rollout_begins_new_pods_at_zero_and_ends_the_old_ones() -> None:
    _, day = _blocks(mesh())
    found = _select(
        day, __name__="istio_requests_total", reporter="destination", response_code="200"
    )
    assert len(found) == 4  # two pods before, two after
    alive = [np.flatnonzero(~np.isnan(values)) for _, values in found]
    rollout = int(7.5 * 60)
    old = [a for a in alive if a[0] == 0]
    new = [a for a in alive if a[0] > 0]
    assert [a[-1] for a in old] == [rollout - 1] * 2
    assert [(a[0], a[-1]) for a in new] == [(rollout, 1439)] * 2
    per_minute = arrivals(mesh(), mesh().edges[0], DAY)[7].mean() / 5 / 2
    born = [values[rollout] for _, values in found if np.isnan(values[0])]
    assert all(0 < v < 2 * per_minute for v in born)
    assert len({series["pod"] for series, _ in found}) == 4


def test_counters_never_fall_and_buckets_are_monotone() -> None:
    _, day = _blocks(mesh(api(incidents=(INCIDENT,), timeout_ms=400.0)))
    counters = [
        v for s, v in zip(day.labels, day.values, strict=True) if "working" not in s["__name__"]
    ]
    steps = np.diff(np.array(counters), axis=1)
    assert np.nanmin(steps) >= 0
    groups: dict[frozenset[tuple[str, str]], list[tuple[float, Floats]]] = defaultdict(list)
    for series, values in _select(day, __name__=BUCKET):
        key = frozenset((k, v) for k, v in series.items() if k != "le")
        groups[key].append((float(series["le"].replace("+", "")), values))
    assert len(groups) > 10
    for buckets in groups.values():
        assert len(buckets) == len(BOUNDS)
        stacked = np.array([values for _, values in sorted(buckets, key=lambda b: b[0])])
        assert np.nanmin(np.diff(stacked, axis=0)) >= 0


def test_days_join_without_a_jump() -> None:
    first, second = _blocks(mesh(), days=2)[1:]
    assert second.timestamps_ms[0] - first.timestamps_ms[-1] == 60_000
    last = {frozenset(s.items()): v[-1] for s, v in zip(first.labels, first.values, strict=True)}
    name = "istio_requests_total"
    for series, values in _select(second, __name__=name, reporter="source", response_code="200"):
        step = values[0] - last[frozenset(series.items())]
        assert 0 <= step < 2 * 20.0 * 60


def test_series_of_rare_outcomes_begin_with_their_first_request() -> None:
    _, day = _blocks(mesh(api(incidents=(INCIDENT,))))
    found = _select(day, __name__="istio_requests_total", response_flags="UC")
    assert found
    for _, values in found:
        first = int(np.flatnonzero(~np.isnan(values))[0])
        assert 615 <= first <= 620  # the incident begins at 10:15
        assert values[first] > 0


def test_a_scrape_gap_loses_samples_and_no_requests() -> None:
    gap = Gap("east", 3.0, 0.5)
    _, whole = _blocks(mesh())
    _, holed = _blocks(mesh(gaps=(gap,)))
    key = {"__name__": "istio_requests_total", "reporter": "source", "response_code": "200"}
    for (_, a), (_, b) in zip(_select(whole, **key), _select(holed, **key), strict=True):
        assert np.flatnonzero(np.isnan(b)).tolist() == list(range(180, 210))
        assert b[-1] == a[-1]


def test_the_same_seed_gives_the_same_samples_and_another_seed_others() -> None:
    one, again, other = (_blocks(mesh(), seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.values, again.values)
    assert one.labels == again.labels
    assert _growth(one.values[0]) >= 0
    assert not np.array_equal(np.nansum(one.values, axis=1), np.nansum(other.values, axis=1))


def test_scrapes_lie_inside_the_window_except_the_one_before_it() -> None:
    before, day = _blocks(mesh(), lag_seconds=13.0)
    start = MONDAY.timestamp() * 1000
    assert before.timestamps_ms.tolist() == [start - 13_000]
    assert day.timestamps_ms[0] == start + 47_000
    assert day.timestamps_ms[-1] == start + 86_400_000 - 13_000
    assert before.values.shape[1] == 1


def test_labels_are_istios_and_name_the_two_sides() -> None:
    _, day = _blocks(mesh())
    series, _ = _select(day, __name__="istio_requests_total", reporter="source")[0]
    assert series["pod"].startswith("web-")
    expected = {
        "cluster": "east",
        "namespace": "shop",
        "source_workload": "web",
        "destination_workload": "api",
        "destination_service": "api.shop.svc.cluster.local",
        "destination_service_namespace": "shop",
        "request_protocol": "http",
        "connection_security_policy": "unknown",
    }
    assert {k: series[k] for k in expected} == expected
    seen_by_server, _ = _select(day, __name__="istio_requests_total", reporter="destination")[0]
    assert seen_by_server["pod"].startswith("api-")
    assert seen_by_server["connection_security_policy"] == "mutual_tls"


def test_grpc_streams_count_their_messages() -> None:
    service = api(protocol="grpc", response_messages=40.0, failures=())
    truth = mesh(service)
    requests = _totals(truth, "reporter", __name__="istio_requests_total")
    messages = _totals(truth, "reporter", __name__="istio_response_messages_total")
    assert messages["source"] == 40 * requests["source"]
    assert messages["destination"] == 40 * requests["destination"]


def test_containers_use_what_their_load_needs() -> None:
    _, day = _blocks(mesh())
    found = _select(day, __name__="container_cpu_usage_seconds_total", container="istio-proxy")
    cores = sum(_growth(values) for _, values in found) / 86_400
    mean_rps = arrivals(mesh(), mesh().edges[0], DAY).mean() / 300
    assert cores == pytest.approx(2 * 0.003 + 0.00035 * mean_rps, rel=0.02)
    throttled = _select(day, __name__="container_cpu_cfs_throttled_periods_total")
    periods = _select(day, __name__="container_cpu_cfs_periods_total")
    for (_, few), (_, all_of_them) in zip(throttled, periods, strict=True):
        assert _growth(few) <= _growth(all_of_them)
    assert len(_select(day, __name__="container_memory_working_set_bytes")) == 8


@pytest.mark.parametrize(
    ("start", "options", "message"),
    [
        (datetime(2026, 3, 2), {}, "no time zone"),
        (MONDAY + timedelta(minutes=5), {}, "no whole hour"),
        (MONDAY, {"scrape_interval": 45}, "45 s does not divide 300 s"),
        (MONDAY, {"lag_seconds": 60.0}, "shorter than the scrape interval"),
    ],
)
def test_windows_that_cannot_be_are_refused(
    start: datetime, options: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        next(simulate(mesh(), 1, start, 1, **options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def week() -> Snapshot:
    return snapshot_from_truth(mesh(gaps=(Gap("east", 30.0, 0.5),)), 3, MONDAY)


def test_frames_hold_the_requests_of_the_truth(week: Snapshot) -> None:
    truth = mesh()
    hours = np.arange(168, dtype=np.int64)
    cells = arrivals(truth, truth.edges[0], hours)
    expected = cells.sum() - cells[30, :6].sum()
    by_edge = week.requests.groupby("edge")["requests"].sum()
    assert by_edge[0] == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert by_edge[1] == pytest.approx(0.99 * expected, abs=5 * np.sqrt(expected))
    latency = week.latency.groupby("edge")["requests"].sum()
    assert latency.to_dict() == {0: by_edge[0]}  # durations are read at the source
    assert week.latency_sum["requests"].sum() == by_edge[0]


def test_frames_conform_and_leave_out_what_counts_nothing(week: Snapshot) -> None:
    for spec in frames.ALL:
        frame = getattr(week, spec.name)
        pd.testing.assert_frame_equal(frame, spec.conform(frame))
    assert (week.requests["requests"] > 0).all()
    assert (week.latency["requests"] > 0).all()
    assert (week.latency["gt"] < week.latency["le"]).all()
    first, last = week.requests["time"].min(), week.requests["time"].max()
    assert (first, last) == (pd.Timestamp(MONDAY), pd.Timestamp(MONDAY) + pd.Timedelta("167h55min"))


def test_a_gap_lowers_the_coverage_of_its_hour_alone(week: Snapshot) -> None:
    share = week.coverage["samples"] / week.coverage["expected"]
    low = week.coverage[share < 1]
    assert set(low["time"]) == {pd.Timestamp(MONDAY) + pd.Timedelta("30h")}
    assert (low["samples"] == 30).all()
    assert week.manifest.source.coverage == pytest.approx(1 - 0.5 / 168)
    inside = week.requests["time"].between(
        pd.Timestamp(MONDAY) + pd.Timedelta("30h"), pd.Timestamp(MONDAY) + pd.Timedelta("30h25min")
    )
    assert not inside.any()


def test_both_ways_of_drawing_have_the_same_law() -> None:
    """Share beyond 250 ms on one day, from counters and from frames, both against the truth."""
    truth = mesh(api(saturation=0.5, jitter=0.05, failures=()), rps=30.0)
    buckets = _totals(truth, "le", __name__=BUCKET, reporter="source")
    drawn = 1 - buckets["250"] / buckets["+Inf"]
    latency = snapshot_from_truth(truth, 8, MONDAY, 1).latency
    framed = latency.loc[latency["le"] > 250, "requests"].sum() / latency["requests"].sum()
    edge = truth.edges[0]
    weights = arrivals(truth, edge, DAY).sum(axis=1)
    above = 1 - edge.service.latency.cdf(250 / slowness(truth, edge, DAY))
    true = weights @ above / weights.sum()
    noise = 4 * np.sqrt(true / weights.sum())
    assert drawn == pytest.approx(true, abs=noise)
    assert framed == pytest.approx(true, abs=noise)
