"""When a mesh is busy."""

from __future__ import annotations

import numpy as np
import pytest

from observe.demo.rhythm import Rhythm, Surge

WEEK = np.arange(168)


def test_the_busiest_and_the_quietest_hour_are_half_a_day_apart() -> None:
    day = Rhythm(night=0.2, peak_hour=15.5).load(WEEK, 0).mean(axis=1)[:24]
    assert int(day.argmax()) == 15
    assert int(day.argmin()) == 3
    assert day.max() == pytest.approx(1.0, abs=0.01)
    assert day.min() == pytest.approx(0.2, abs=0.01)


def test_the_weekend_and_monday_have_their_own_level() -> None:
    rhythm = Rhythm(night=1.0, weekend=0.5, monday=1.5)
    load = rhythm.load(WEEK, 0).mean(axis=1).reshape(7, 24).mean(axis=1)
    np.testing.assert_allclose(load, [1.5, 1, 1, 1, 1, 0.5, 0.5])


def test_the_week_turns_with_the_hour_at_which_the_window_starts() -> None:
    rhythm = Rhythm(night=0.3, weekend=0.6, monday=1.2)
    np.testing.assert_allclose(
        rhythm.load(WEEK, 31), np.roll(rhythm.load(WEEK, 0), -31, axis=0), atol=1e-12
    )


def test_a_surge_lifts_its_five_minutes_and_no_others_and_recurs_weekly() -> None:
    quiet = Rhythm(night=1.0)
    surge = Rhythm(night=1.0, surges=(Surge(22.5, 1.25, 1.7),))
    quiet_load = quiet.load(np.arange(336), 0)
    ratio = (surge.load(np.arange(336), 0) / quiet_load).ravel()
    lifted = np.flatnonzero(ratio > 1)
    assert lifted.tolist() == [*range(270, 285), *range(270 + 2016, 285 + 2016)]
    assert surge.load(np.arange(336), 0).ravel()[lifted[0]] == pytest.approx(1.7)


def test_a_surge_below_the_everyday_load_changes_nothing() -> None:
    rhythm = Rhythm(night=1.0, weekend=1.0, surges=(Surge(10, 2, 0.5),))
    np.testing.assert_array_equal(rhythm.load(WEEK, 0), np.ones((168, 12)))
