from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.telemetry.cadence import scrape_interval, spacing
from observe.telemetry.steps import choose_steps

END = datetime(2026, 3, 9, 10, 17, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "scrape", "fine", "coarse"),
    [
        (168, 15, 300, 3600),
        (168, 60, 300, 3600),
        (168, 76, 600, 3600),
        (168, 240, 1200, 3600),
        (168, 300, 1200, 3600),
        (168, 600, 3600, 3600),
        (168, 1800, 3600, 3600),
        (24, 15, 300, 3600),
        (23, 15, 300, 3600),
        (6, 15, 300, 1800),
        (2, 15, 300, 600),
        (0.5, 15, 300, 300),
        (5, 120, 600, 1200),
    ],
)
def test_steps_fit_the_window_and_the_scrape_interval(
    hours: float, scrape: float, fine: int, coarse: int
) -> None:
    steps = choose_steps(END - timedelta(hours=hours), END, scrape)
    assert (steps.fine, steps.coarse) == (fine, coarse)


@given(st.integers(0, 10**9), st.integers(7200, 60 * 86_400), st.floats(1, 600, allow_nan=False))
def test_steps_are_aligned_and_stay_out_of_the_future(
    begin: int, length: int, scrape: float
) -> None:
    start = datetime.fromtimestamp(begin, UTC)
    end = start + timedelta(seconds=length)
    steps = choose_steps(start, end, scrape)
    assert steps.coarse % steps.fine == 0
    assert steps.fine >= min(3600, 4 * scrape)
    assert steps.start.timestamp() % steps.coarse == steps.end.timestamp() % steps.coarse == 0
    assert steps.start <= start < steps.start + timedelta(seconds=steps.coarse)
    assert steps.end <= end < steps.end + timedelta(seconds=steps.coarse)
    assert steps.count(steps.fine) * steps.fine == steps.count(steps.coarse) * steps.coarse


def test_what_is_no_window_is_refused() -> None:
    with pytest.raises(InputError, match="before it starts"):
        choose_steps(END, END - timedelta(hours=1), 15)
    with pytest.raises(InputError, match="has no zone"):
        choose_steps(END.replace(tzinfo=None), END, 15)
    with pytest.raises(InputError, match="shorter than one step of 60 minutes"):
        choose_steps(END - timedelta(minutes=30), END, 900)


@pytest.mark.parametrize("seconds", [1, 5, 10, 15, 20, 30, 60, 120, 300, 600])
@pytest.mark.parametrize("extra", [0, 1])
def test_the_scrape_interval_is_found_whether_or_not_both_ends_of_the_span_count(
    seconds: int, extra: int
) -> None:
    assert scrape_interval([3600 // seconds + extra], 3600) == seconds


def test_the_best_covered_hour_decides_the_scrape_interval() -> None:
    assert scrape_interval([0, 1, 57, 120, 240, 3], 3600) == 15
    assert scrape_interval([33], 3600) == pytest.approx(3600 / 33)


def test_fewer_than_two_samples_say_nothing_about_the_interval() -> None:
    assert scrape_interval([], 3600) is None
    assert scrape_interval([1, 0, float("nan")], 3600) is None


def test_gaps_do_not_lengthen_the_interval_between_samples() -> None:
    minute = [0, 15_000, 30_000, 45_000]
    times = [hour * 3_600_000 + t for hour in range(5) for t in minute]
    assert spacing(times) == 15
    assert spacing([t + (t // 1000) % 7 for t in times]) == 15
    assert spacing([0, 33_000, 66_000]) == 33
    assert spacing([5]) is None
