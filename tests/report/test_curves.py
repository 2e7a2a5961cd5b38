from datetime import timedelta

import numpy as np
import pytest
from handmade import BOUNDS, START, Call, snapshot
from reports import caller, evidence, recommendation

from observe.report.curves import (
    busiest_mask,
    deciding_tails,
    hourly_lines,
    span_mask,
    straight_quantiles,
    tail_curve,
)
from observe.signals.latency import latency_by_target
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram


def cube(*calls, hours=24):
    return latency_by_target(snapshot(calls, hours=hours))["east/shop/cart"]


def test_the_curve_passes_through_what_was_counted():
    h = Histogram(np.array(BOUNDS), np.array([900.0, 90.0, 9.0, 1.0, 0.0]))
    curve = tail_curve(h, "all")
    assert curve.edges_ms.tolist() == [10, 100, 1000, 10_000]
    assert curve.edge_shares == pytest.approx([0.1, 0.01, 0.001, 0.0])
    at = np.interp(np.log([100, 1000]), np.log(curve.times_ms), np.log(curve.shares + 1e-12))
    assert np.exp(at) == pytest.approx([0.01, 0.001], rel=0.1)
    assert np.all(np.diff(curve.shares) <= 1e-12)


def test_a_curve_of_nothing_is_empty():
    assert tail_curve(Histogram.empty(), "all").times_ms.size == 0


def test_spans_are_half_open():
    mask = span_mask(cube(Call(buckets=(1, 0, 0, 0, 0))), [(START, START + timedelta(hours=2))])
    assert np.flatnonzero(mask).tolist() == [0, 1]


def test_the_busiest_steps_are_those_with_most_successes_outside_incidents():
    latency = cube(
        Call(buckets=(1, 0, 0, 0, 0)),
        Call(buckets=(9, 0, 0, 0, 0), hours=[3, 4, 5]),
        Call(buckets=(99, 0, 0, 0, 0), code="503", hours=[7]),
    )
    incident = ((START + timedelta(hours=4), START + timedelta(hours=5)),)
    mask = busiest_mask(latency, evidence(busy_hours=2, excluded=incident))
    assert np.flatnonzero(mask).tolist() == [3, 5]


def test_the_tail_that_decided_comes_first():
    latency = cube(
        Call("web", buckets=(5, 0, 0, 0, 0)),
        Call("batch", buckets=(0, 3, 0, 0, 0)),
        Call("web", buckets=(50, 0, 0, 0, 0), hours=[3]),
    )
    busy = recommendation(evidence=evidence(busy_hours=1))
    whole = recommendation(evidence=evidence(busy_hours=1, week_estimate_ms=640.0))
    callers = (caller("web", estimate_ms=100.0), caller("batch", estimate_ms=640.0))
    slower = recommendation(
        evidence=evidence(busy_hours=1, callers=callers), reasons=("CALLER_SLOWER",)
    )
    tails = [deciding_tails(latency, r)[0] for r in (busy, whole, slower)]
    assert [name for name, _ in tails] == ["busiest hours", "whole window", "slowest caller"]
    assert [h.total for _, h in tails] == [58, 242, 72]


def test_straight_quantiles_hit_bucket_bounds_exactly():
    counts = np.array([[900.0, 90.0, 9.0, 1.0, 0.0]])
    found = straight_quantiles(np.array(BOUNDS), counts, (0.9, 0.99, 0.999))
    assert found[0] == pytest.approx([10, 100, 1000])


def test_straight_quantiles_are_close_on_a_smooth_tail():
    bounds = np.array(ISTIO_BUCKETS_MS)
    survival = np.exp(-((bounds / 80.0) ** 0.7))
    counts = 1e6 * -np.diff(np.concatenate(([1.0], survival)))
    found = straight_quantiles(bounds, counts[None, :], (0.5, 0.99, 0.999))[0]
    truth = 80.0 * (-np.log(1 - np.array([0.5, 0.99, 0.999]))) ** (1 / 0.7)
    assert found == pytest.approx(truth, rel=0.01)


def test_straight_quantiles_beyond_the_last_bucket_are_its_start_and_nothing_is_nan():
    counts = np.array([[0.0, 0, 0, 0, 5], [0.0, 0, 0, 0, 0]])
    found = straight_quantiles(np.array(BOUNDS), counts, (0.5,))
    assert found[0, 0] == 10_000
    assert np.isnan(found[1, 0])


def test_hourly_lines_count_every_outcome_and_time_only_successes():
    latency = cube(
        Call(buckets=(0, 10, 0, 0, 0)),
        Call(buckets=(0, 0, 0, 5, 0), code="503", hours=[2]),
        hours=4,
    )
    frame = hourly_lines(latency)
    assert frame["requests"].tolist() == [10, 10, 15, 10]
    assert frame["p50_ms"].tolist() == pytest.approx([frame["p50_ms"][0]] * 4)
    assert 10 < frame["p50_ms"][0] < 100
    assert str(frame["time"].dt.tz) == "UTC"
