from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram, merge

BOUNDS = [10.0, 100.0, 1_000.0, np.inf]
counts = st.lists(st.integers(0, 10**9), min_size=4, max_size=4)


def test_total_cumulative_and_mean_follow_from_the_counts() -> None:
    h = Histogram(np.array(BOUNDS), np.array([4.0, 3.0, 2.0, 1.0]), total_sum=1_500.0)
    assert h.total == 10
    assert h.cumulative.tolist() == [4, 7, 9, 10]
    assert h.lower.tolist() == [0, 10, 100, 1_000]
    assert h.mean == 150.0


def test_the_default_bounds_are_the_twenty_that_envoy_has() -> None:
    assert len(ISTIO_BUCKETS_MS) == 20
    assert ISTIO_BUCKETS_MS[:5] == (0.5, 1, 5, 10, 25)
    assert ISTIO_BUCKETS_MS[-2:] == (3_600_000, np.inf)


def test_the_mean_is_unknown_without_a_sum_and_without_requests() -> None:
    assert np.isnan(Histogram(np.array(BOUNDS), np.ones(4)).mean)
    assert np.isnan(Histogram(np.array(BOUNDS), np.zeros(4), 0.0).mean)


def test_an_le_that_decreases_is_raised_to_the_running_maximum() -> None:
    h = Histogram.from_cumulative(BOUNDS, [5, 4, 9, 8])
    assert h.counts.tolist() == [5, 0, 4, 0]


@given(counts)
def test_cumulative_and_counts_are_inverse_to_each_other(values: list[int]) -> None:
    h = Histogram(np.array(BOUNDS), np.array(values, dtype=float))
    assert Histogram.from_cumulative(BOUNDS, h.cumulative).counts.tolist() == h.counts.tolist()


def test_scaling_keeps_the_mean() -> None:
    h = Histogram(np.array(BOUNDS), np.array([1.0, 2, 3, 0]), 600.0).scaled(2.5)
    assert h.counts.tolist() == [2.5, 5, 7.5, 0]
    assert h.mean == 100.0


@given(counts, counts)
def test_merging_adds_counts_and_sums(first: list[int], second: list[int]) -> None:
    a = Histogram(np.array(BOUNDS), np.array(first), 10.0)
    b = Histogram(np.array(BOUNDS), np.array(second), 5.0)
    merged = merge([a, b])
    assert merged.counts.tolist() == [x + y for x, y in zip(first, second, strict=True)]
    known = 10.0 * any(first) + 5.0 * any(second)
    assert merged.total_sum == (known if any(first) or any(second) else None)


def test_merging_different_layouts_keeps_the_bounds_that_both_have() -> None:
    fine = Histogram(np.array([5.0, 10, 50, 100, np.inf]), np.array([1.0, 2, 3, 4, 5]))
    coarse = Histogram(np.array([10.0, 100, 500, np.inf]), np.array([10.0, 20, 30, 40]))
    merged = merge([fine, coarse])
    assert merged.bounds.tolist() == [10, 100, np.inf]
    assert merged.counts.tolist() == [13, 27, 75]
    assert merged.total_sum is None


def test_one_part_without_a_sum_makes_the_sum_unknown_unless_it_is_empty() -> None:
    known = Histogram(np.array(BOUNDS), np.ones(4), 100.0)
    assert merge([known, Histogram(np.array(BOUNDS), np.ones(4))]).total_sum is None
    assert merge([known, Histogram.empty(BOUNDS)]).total_sum == 100.0


@pytest.mark.parametrize(
    ("bounds", "values", "words"),
    [
        ([1.0, 2.0], [1.0, 1.0], "no end"),
        ([2.0, 1.0, np.inf], [1.0, 1.0, 1.0], "increasing"),
        ([0.0, 1.0, np.inf], [1.0, 1.0, 1.0], "positive"),
        ([], [], "at least one bucket"),
        ([1.0, np.inf], [1.0], "1 counts for 2 buckets"),
        ([1.0, np.inf], [1.0, -1.0], "negative"),
        ([1.0, np.inf], [1.0, np.nan], "not a number"),
    ],
)
def test_what_is_no_histogram_is_refused(
    bounds: list[float], values: list[float], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Histogram(np.array(bounds), np.array(values))


def test_a_cumulative_count_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(InputError, match="not a number"):
        Histogram.from_cumulative(BOUNDS, [1, np.nan, 3, 4])


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(InputError, match="no histogram"):
        merge([])
