"""Steps by the clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.stats.seasonal import DAY, HOUR, blocks, hour_of_week, levels

MONDAY = 1_704_067_200


def test_blocks_start_at_the_clock_and_not_at_the_first_step():
    # from 00:40 in steps of 10 minutes: two of the first hour, then six each
    assert blocks(MONDAY + 2400, 600, 9, HOUR).tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 2]
    assert blocks(MONDAY - 600, 600, 3, DAY).tolist() == [0, 1, 1]
    assert blocks(MONDAY, 600, 0, DAY).size == 0


def test_the_hour_of_the_week_has_a_name():
    assert hour_of_week(MONDAY, 9) == "Mon 09:00"
    assert hour_of_week(MONDAY + 1800, 6 * 24 + 23) == "Sun 23:00"
    assert hour_of_week(MONDAY, 7 * 24) == "Mon 00:00"


def test_a_level_is_a_quantile_of_what_is_known():
    x = [1.0, 2.0, 3.0, np.nan, 9.0, np.nan, np.nan, np.nan]
    block = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert levels(x, block, 0.5)[0] == 2.0
    assert np.isnan(levels(x, block, 0.5)[1])
    assert levels(x, block, 0.5, least_known=0.25)[1] == 9.0


def test_blocks_without_a_step_are_unknown():
    found = levels([1.0, 2.0], np.array([0, 3]), 0.5)
    assert found[[0, 3]].tolist() == [1.0, 2.0]
    assert np.isnan(found[1:3]).all()
    assert levels([], np.empty(0, dtype=np.int64), 0.5).size == 0


@given(st.lists(st.floats(-5, 5), min_size=12, max_size=12), st.floats(0, 1))
def test_levels_are_the_quantiles_of_numpy(values, q):
    block = np.repeat([0, 1], 6)
    expected = [np.quantile(values[:6], q), np.quantile(values[6:], q)]
    assert levels(values, block, q) == pytest.approx(np.array(expected), abs=1e-9)
