"""Steps above, days at risk and slack, counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.recommend.resource_autoscaling import scale_target
from observe.recommend.resource_score import score

DAY = 288


def test_steps_days_and_slack_are_counted():
    used = np.full(3 * DAY, 0.5)
    used[0] = 2.0  # five minutes of the first day
    used[DAY : DAY + 13] = 1.5  # 65 minutes of the second
    found = score(used, 1.0, step_seconds=300, start=0)
    assert (found.steps, found.days, found.days_above, found.days_at_risk) == (864, 3, 2, 1)
    assert found.fraction_above == 14 / 864
    assert found.slack == pytest.approx(0.5 * 850 / 864)
    assert found.worst == 2.0


def test_an_hour_above_is_not_yet_a_risk():
    used = np.append(np.full(12, 2.0), np.full(DAY - 12, 0.5))
    assert score(used, 1.0, step_seconds=300).days_at_risk == 0


def test_as_much_as_the_size_is_not_above_it():
    assert score([1.0, 1.0], 1.0, step_seconds=60).fraction_above == 0.0


def test_unknown_steps_do_not_count():
    found = score([np.nan, 2.0, np.nan, 0.5], 1.0, step_seconds=300)
    assert (found.steps, found.fraction_above, found.slack) == (2, 0.5, 0.25)
    nothing = score([np.nan], 1.0, step_seconds=300)
    assert nothing.steps == nothing.days == 0
    assert np.isnan(nothing.fraction_above)


def test_slack_is_of_the_mean_pod_where_it_is_known():
    found = score([0.8, 0.8], 1.0, step_seconds=300, mean=[0.2, np.nan])
    assert found.slack == pytest.approx(1 - (0.2 + 0.8) / 2)
    assert found.fraction_above == 0.0


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan")])
def test_a_size_must_be_above_nothing(size):
    with pytest.raises(InputError, match="above 0"):
        score([1.0], size, step_seconds=300)


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0.1, 10), st.floats(1, 3))
def test_more_is_never_above_more_often_and_never_has_less_slack(used, size, factor):
    less = score(used, size, step_seconds=300)
    more = score(used, size * factor, step_seconds=300)
    assert more.fraction_above <= less.fraction_above
    assert more.slack >= less.slack - 1e-12


@pytest.mark.parametrize(
    ("target", "old", "new", "kept"), [(80, 1.0, 0.5, 160), (80, 0.5, 1.0, 40), (70, 0.3, 0.3, 70)]
)
def test_the_scale_point_is_kept(target, old, new, kept):
    assert scale_target(target, old, new) == kept


def test_a_target_does_not_spiral_down_when_applied_again():
    request, target = 1.0, 80
    for smaller in (0.8, 0.64, 0.5):
        target, request = scale_target(target, request, smaller), smaller
    assert target * request == pytest.approx(80, abs=1)


def test_a_target_is_at_least_one_percent_and_needs_requests():
    assert scale_target(50, 0.01, 10.0) == 1
    with pytest.raises(InputError, match="above 0"):
        scale_target(80, 0.0, 1.0)
