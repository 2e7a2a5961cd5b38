from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from observe.stats.meanfit import fit_mean

LOG_TIMES = np.log([10.0, 25.0, 50.0, 100.0])
TABLE = np.stack([np.linspace(a, b, 65) for a, b in ((1.0, 0.7), (0.7, 0.2), (0.2, 0.0))])


def mean_of(table: np.ndarray) -> float:
    t = np.exp(np.concatenate([np.linspace(a, b, 65) for a, b in pairwise(LOG_TIMES)]))
    return float(10.0 + np.trapezoid(table.ravel(), t))


def test_the_curve_moves_towards_the_mean_and_not_beyond() -> None:
    before = mean_of(TABLE)
    for wanted in (before - 2.0, before + 2.0):
        after = mean_of(fit_mean(LOG_TIMES, TABLE, wanted))
        assert min(before, wanted) < after < max(before, wanted)
        assert abs(after - wanted) < 0.5


def test_the_bounds_stay_where_they_are() -> None:
    fitted = fit_mean(LOG_TIMES, TABLE, mean_of(TABLE) + 3.0)
    assert fitted[:, [0, -1]] == pytest.approx(TABLE[:, [0, -1]])
    assert np.all(np.diff(fitted, axis=1) <= 0)


def test_the_right_mean_changes_nothing() -> None:
    assert fit_mean(LOG_TIMES, TABLE, mean_of(TABLE)) == pytest.approx(TABLE, abs=2e-3)


@pytest.mark.parametrize("mean", [9.0, 200.0, float("nan")])
def test_an_impossible_mean_is_ignored(mean: float) -> None:
    assert fit_mean(LOG_TIMES, TABLE, mean) is TABLE


def test_the_uncertain_end_takes_more_of_the_difference_than_the_middle() -> None:
    fitted = fit_mean(LOG_TIMES, TABLE, mean_of(TABLE) + 3.0)
    moved = np.abs(fitted - TABLE).max(axis=1) / (TABLE[:, 0] - TABLE[:, -1])
    assert moved[2] > 3 * moved[1]
