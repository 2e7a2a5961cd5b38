"""Ranges as Prometheus 2 and 3 see them, on samples small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from observe.telemetry.remote_read.series import _ascending
from observe.telemetry.remote_read.sums import is_absent
from observe.telemetry.remote_read.windows import (
    COUNT,
    FIRST,
    INCREASE,
    PRESENT,
    RATE,
    STALE_BITS,
    evaluate,
)

MINUTE = 60_000
STALE = np.array([STALE_BITS]).view(np.float64)[0]


def _row(
    function: int,
    times_s: list[int],
    values: list[float],
    *,
    step_s: int = 300,
    steps: int = 1,
    left_open: bool = False,
    late: bool = False,
) -> list[float | None]:
    row = np.empty(steps)
    numbers = np.array(values, dtype=np.float64)
    times = np.array(times_s, dtype=np.int64) * 1000
    step = step_s * 1000
    evaluate(
        function, times, numbers.view(np.int64), numbers, step, step, left_open, late, 300_000, row
    )
    absent = is_absent(row)
    return [None if a else v for a, v in zip(absent.tolist(), row.tolist(), strict=True)]


def test_samples_on_both_ends_tell_the_exact_increase() -> None:
    assert _row(INCREASE, [0, 100, 200, 300], [5, 6, 8, 15]) == [10]


def test_prometheus_3_leaves_the_sample_on_the_start_out_and_extrapolates() -> None:
    # 6 to 15 in 200 s, and another 100 s before them.
    assert _row(INCREASE, [0, 100, 200, 300], [5, 6, 8, 15], left_open=True) == [
        pytest.approx(9 * 300 / 200)
    ]


def test_a_reset_adds_what_was_counted_before_it() -> None:
    assert _row(INCREASE, [0, 100, 200, 300], [5, 9, 2, 4]) == [8]


def test_a_single_sample_shows_no_increase() -> None:
    assert _row(INCREASE, [100], [5]) == [None]


def test_stale_markers_are_no_samples() -> None:
    assert _row(INCREASE, [0, 100, 150, 200, 300], [5, 6, STALE, 8, 15]) == [10]
    assert _row(COUNT, [0, 100, 150], [5, 6, STALE]) == [2]
    assert _row(COUNT, [150], [STALE]) == [None]


def test_extrapolation_stops_where_the_counter_was_zero() -> None:
    # 10 a minute from 2 on: zero was 12 s before the first sample.
    expected = 20 * (120 + 12 + 60) / 120
    assert _row(INCREASE, [120, 180, 240], [2, 12, 22]) == [pytest.approx(expected)]


def test_a_range_is_filled_to_its_ends_unless_they_are_a_tenth_more_than_a_distance_off() -> None:
    # Ten a minute for ever: 65 s before the first sample are less than 1.1 distances, 67 s more.
    for first, before in ((65, 65), (67, 30)):
        times, values = [first, first + 60, first + 120], [1000.0, 1010.0, 1020.0]
        to_end = 300 - first - 120
        expected = 20 * (120 + before + (30 if to_end >= 66 else to_end)) / 120
        assert _row(INCREASE, times, values) == [pytest.approx(expected)]


def test_versions_differ_in_a_counter_whose_zero_lies_between_half_and_a_whole_distance() -> None:
    # 10 a minute from 8 on: zero was 48 s before; half a distance is 30 s.
    for late, before in ((False, 48), (True, 30)):
        expected = 20 * (120 + before + 60) / 120
        assert _row(INCREASE, [120, 180, 240], [8, 18, 28], late=late) == [pytest.approx(expected)]


def test_a_rate_is_an_increase_a_second() -> None:
    assert _row(RATE, [0, 100, 200, 300], [0, 100, 200, 300]) == [1.0]


def test_each_step_sees_its_own_range_and_shares_its_ends() -> None:
    times, values = [0, 100, 200, 300, 400, 500, 600], [0, 1, 2, 3, 5, 7, 9]
    assert _row(INCREASE, times, values, steps=3) == [3, 6, None]
    assert _row(COUNT, times, values, steps=3) == [4, 4, 1]
    assert _row(COUNT, times, values, steps=3, left_open=True) == [3, 3, None]


def test_a_series_is_present_while_its_last_sample_is_younger_than_the_lookback() -> None:
    assert _row(PRESENT, [10], [1], step_s=155, steps=3) == [1, 1, None]
    assert _row(PRESENT, [10], [1], step_s=310, left_open=True) == [None]
    assert _row(PRESENT, [10], [1], step_s=310) == [1]
    assert _row(PRESENT, [10, 20], [1, STALE], step_s=60) == [None]


def test_a_small_first_value_counts_once_and_a_large_one_never() -> None:
    assert _row(FIRST, [100, 160, 220, 280, 340], [3, 4, 4, 4, 9], steps=2) == [3, None]
    assert _row(FIRST, [100, 160], [300, 301]) == [None]


def test_a_series_that_comes_back_within_the_lookback_is_not_new() -> None:
    assert _row(FIRST, [10, 20, 400], [1, 2, 3], steps=2) == [1, None]
    assert _row(FIRST, [10, 20, 400], [1, STALE, 3], steps=2) == [1, 3]


def test_samples_out_of_order_are_refused() -> None:
    for times, ascending in (([1, 2, 3], True), ([1, 3, 2], False), ([1, 2, 2], False)):
        array = np.array(times, dtype=np.int64)
        assert _ascending(array, np.array([0, 3])) is ascending
    # The next series may begin before the one in front of it ends.
    assert _ascending(np.array([5, 6, 1, 2]), np.array([0, 2, 4])) is True
