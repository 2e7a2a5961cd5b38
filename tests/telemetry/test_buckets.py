from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from observe.telemetry.buckets import lower_bounds, parse_bound, plain_counts

COUNTS = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.integers(0, 1000)
)


@given(st.lists(COUNTS, min_size=1, max_size=4), st.randoms())
def test_plain_counts_undo_the_running_sum_in_any_order_of_series(
    histograms: list[np.ndarray], random: object
) -> None:
    times = min(h.shape[1] for h in histograms)
    plain = np.vstack([h[:, :times] for h in histograms])
    cumulative = np.vstack([h[:, :times].cumsum(axis=0) for h in histograms])
    groups = np.repeat(range(len(histograms)), [len(h) for h in histograms])
    bounds = np.concatenate([np.arange(len(h), dtype=float) for h in histograms])
    order = np.arange(len(groups))
    random.shuffle(order)  # type: ignore[attr-defined]
    counts, moved = plain_counts(groups[order].tolist(), bounds[order], cumulative[order])
    np.testing.assert_array_equal(counts, plain[order])
    assert moved == 0


@given(COUNTS)
def test_whatever_comes_in_counts_are_not_negative_and_add_up_to_the_largest(
    values: np.ndarray,
) -> None:
    counts, moved = plain_counts([0] * len(values), np.arange(len(values), dtype=float), values)
    assert (counts >= 0).all()
    np.testing.assert_allclose(counts.sum(axis=0), values.max(axis=0))
    assert 0 <= moved <= 1


def test_a_bucket_below_its_neighbour_is_raised_and_the_share_is_told() -> None:
    cumulative = np.array([[10.0], [8.0], [20.0]])
    counts, moved = plain_counts([0, 0, 0], np.array([1.0, 2.0, np.inf]), cumulative)
    assert counts.ravel().tolist() == [10, 0, 10]
    assert moved == pytest.approx(2 / 20)


def test_no_series_give_no_counts() -> None:
    counts, moved = plain_counts([], np.array([]), np.zeros((0, 3)))
    assert counts.shape == (0, 3)
    assert moved == 0


def test_lower_bounds_follow_the_layout_of_each_histogram() -> None:
    bounds = np.array([np.inf, 5.0, 1.0, 2.0, np.inf])
    lower = lower_bounds([0, 0, 0, 1, 1], bounds)
    assert lower.tolist() == [5.0, 1.0, 0.0, 0.0, 2.0]


def test_bounds_are_read_in_every_spelling() -> None:
    assert [parse_bound(t) for t in ("0.5", "1", "1.0", "1e+06", "+Inf")] == [
        *(0.5, 1, 1, 1e6, math.inf)
    ]
    assert math.isnan(parse_bound(""))
