"""Ranks and slopes against numbers worked out by hand and scipy's own."""

import numpy as np
import pytest
from scipy.stats import kendalltau, theilslopes

from observe.stats.trend import trend, trend_of


def test_slope_and_rank_correlation_are_those_of_theil_sen_and_kendall():
    x = np.random.default_rng(1).normal(size=60) + 0.05 * np.arange(60)
    found = trend(x)
    assert found.slope == pytest.approx(theilslopes(x)[0])
    assert found.tau == pytest.approx(kendalltau(np.arange(60), x)[0])
    low, high = theilslopes(x, alpha=0.90)[2:]
    assert (found.low, found.high) == pytest.approx((low, high), abs=2e-3)


def test_the_p_value_is_that_of_the_normal_approximation():
    # five values that rise: S = 10, variance = 5 x 4 x 15 / 18
    assert trend([1, 2, 3, 4, 5]).p_value == pytest.approx(0.01375, abs=1e-4)
    assert trend([5, 4, 3, 2, 1]).p_value > 0.98


def test_one_odd_value_moves_neither_slope_nor_verdict():
    x = np.arange(30.0)
    x[10] = 1e6
    assert trend(x).slope == pytest.approx(1.0)
    assert trend(x).rises(0.001)


def test_a_season_is_no_trend():
    week = [5, 5, 5, 5, 5, 1, 1]
    rising = [v * 1.1**w for w in range(2) for v in week]
    assert trend(week * 3, season=7).slope == 0.0
    assert trend(rising, season=7).rises(0.05)
    assert not trend([5, 5, 5, 5, 5, 1, 1] * 2, season=7).rises(0.05)


def test_slopes_of_a_season_are_per_value_not_per_season():
    x = 3.0 * np.arange(21) + np.tile([0, 50, 9, 9, 9, 9, 2], 3)
    assert trend(x, season=7).slope == pytest.approx(3.0)


def test_series_that_start_anew_are_compared_within_themselves():
    found = trend_of([np.arange(5.0), np.arange(5.0)])
    assert (found.slope, found.tau) == (1.0, 1.0)
    assert found.p_value < trend(np.arange(5.0)).p_value


def test_unknown_values_keep_their_place():
    assert trend([1, np.nan, 3, np.nan, 5]).slope == pytest.approx(1.0)


@pytest.mark.parametrize("values", [[], [1.0], [np.nan, 2.0], [4.0, 4.0, 4.0]])
def test_nothing_is_said_of_too_little(values):
    found = trend(values)
    assert found.p_value == 1.0
    assert not found.rises(0.5)
