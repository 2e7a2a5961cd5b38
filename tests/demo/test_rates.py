"""Rates over arrays follow Prometheus's rule for the ends of a range."""

from __future__ import annotations

import numpy as np
import pytest

from observe.demo.rates import Span, rates

#: Five scrapes a minute apart; the range begins 42 s before the first, ends 18 s after the last.
SPAN = Span(scrapes=5, step=60, before=42, after=18)
NAN = np.nan


def _rate(*values: float) -> float:
    found = rates(np.array([values]), SPAN)
    assert found.shape == (1, 1)
    return float(found[0, 0])


def test_the_range_is_as_long_as_its_parts() -> None:
    assert SPAN.seconds == 300


def test_the_increase_is_extended_to_both_ends_of_the_range() -> None:
    assert _rate(1000, 1060, 1120, 1180, 1240) == pytest.approx(1.0, rel=1e-12)


def test_a_counter_is_not_extended_to_before_it_was_zero() -> None:
    # 240 in 240 s from 10: it was zero 10 s before its first scrape
    assert _rate(10, 70, 130, 190, 250) == pytest.approx(240 * (240 + 10 + 18) / 240 / 300)


def test_a_far_end_counts_half_a_distance() -> None:
    # the first scrape in the range is 42 + 120 s after its start
    assert _rate(NAN, NAN, 1000, 1060, 1120) == pytest.approx(120 * (120 + 30 + 18) / 120 / 300)


def test_a_scrape_that_is_missing_within_the_range_changes_the_distance_only() -> None:
    # four samples over 240 s are 80 s apart; the ends are nearer than 1.1 times that
    assert _rate(1000, NAN, 1120, 1180, 1240) == pytest.approx(1.0, rel=1e-12)


def test_one_sample_has_no_rate() -> None:
    assert np.isnan(_rate(NAN, NAN, 7, NAN, NAN))
    assert np.isnan(_rate(NAN, NAN, NAN, NAN, NAN))


def test_a_counter_that_stands_still_has_rate_zero() -> None:
    assert _rate(5, 5, 5, 5, 5) == 0.0
    assert _rate(NAN, 0, 0, 0, 0) == 0.0


def test_each_moment_has_its_own_range() -> None:
    values = np.array([[0.0, 0, 0, 0, 300, 300, 300, 300, 300]])
    found = rates(values, SPAN)
    assert found[0, :4] == pytest.approx([300 * 258 / 240 / 300] + [300 * 258 / 240 / 300] * 3)
    assert found[0, 4] == 0.0


def test_series_with_gaps_and_without_are_alike_in_one_call() -> None:
    whole = np.array([1000.0, 1060, 1120, 1180, 1240, 1300])
    gap = np.array([1000.0, 1060, 1120, 1180, 1240, NAN])
    together = rates(np.stack([gap, whole]), SPAN)
    assert together[:, 0] == pytest.approx([1.0, 1.0], rel=1e-12)
    assert together[1, 1] == pytest.approx(1.0, rel=1e-12)
    # the last scrape is missing: the end is 78 s away, more than 1.1 distances
    assert together[0, 1] == pytest.approx(180 * (180 + 42 + 30) / 180 / 300)
