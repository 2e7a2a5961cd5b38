"""The number of requests under way, against simulated systems and against chance alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from observe.errors import InputError
from observe.stats.occupancy import Variation, exceeding, quantile, variation


def under_way_at(arrivals, durations, moments):
    """Requests that have come and not ended, at each moment."""
    come = np.searchsorted(np.sort(arrivals), moments, side="right")
    gone = np.searchsorted(np.sort(arrivals + durations), moments, side="right")
    return come - gone


@pytest.mark.parametrize(("mean", "expected"), [(0.01, 1), (0.5, 4), (1.0, 5), (10.0, 21)])
def test_independent_requests_have_poissons_quantile(mean, expected):
    assert quantile([mean], 0.999, Variation()) == expected == poisson.ppf(0.999, mean)


@pytest.mark.parametrize("shape", ["constant", "lognormal"])
def test_the_quantile_holds_whatever_the_durations_look_like(shape):
    rng = np.random.default_rng(1)
    seconds, rate, mean = 40_000.0, 20.0, 0.4
    arrivals = rng.uniform(0, seconds, rng.poisson(rate * seconds))
    durations = np.full(arrivals.size, mean)
    if shape == "lognormal":
        durations = rng.lognormal(np.log(mean) - 0.5, 1.0, arrivals.size)
    seen = under_way_at(arrivals, durations, rng.uniform(10, seconds, 200_000))
    limit = quantile([rate * mean], 0.999, Variation())
    assert limit == 18
    assert np.mean(seen > limit) <= 0.001
    assert np.mean(seen > limit - 3) > 0.001


def test_batches_are_seen_between_steps_and_widen_the_number_under_way():
    rng = np.random.default_rng(2)
    seconds, batches, size, mean = 120_000, 2.0, 8, 0.4
    starts = rng.uniform(0, seconds, rng.poisson(batches * seconds))
    arrivals = np.repeat(starts, size)
    counts = np.histogram(arrivals, bins=np.arange(0, seconds + 1, 300))[0]
    how = variation(counts)
    assert how.batch == pytest.approx(size, rel=0.35)
    seen = under_way_at(
        arrivals, rng.exponential(mean, arrivals.size), rng.uniform(10, seconds, 200_000)
    )
    level = batches * size * mean
    assert np.mean(seen > quantile([level], 0.999, Variation())) > 0.01
    assert np.mean(seen > quantile([level], 0.999, how)) <= 0.001


def test_a_rate_that_sways_is_told_apart_from_batches():
    rng = np.random.default_rng(3)
    day = 2_000 + 1_500 * np.cos(np.arange(2016) / 288 * 2 * np.pi)
    sway = rng.gamma(25.0, 1 / 25.0, day.size)  # a coefficient of variation of 0.2
    how = variation(rng.poisson(day * sway))
    assert how.cv2 == pytest.approx(0.04, rel=0.3)
    assert how.batch * 2_000 < 0.3 * how.cv2 * 2_000**2


def test_a_daily_rhythm_is_not_variation():
    rng = np.random.default_rng(4)
    day = 2_000 + 1_500 * np.cos(np.arange(2016) / 288 * 2 * np.pi)
    how = variation(rng.poisson(day))
    assert how.batch < 1.3
    assert how.cv2 < 1e-4


def test_too_few_requests_to_see_batches_leave_chance_alone():
    assert variation(np.random.default_rng(5).poisson(3.0, 2016)) == Variation()
    assert variation([500.0] * 10) == Variation()


def test_quiet_steps_among_busy_ones_lower_the_quantile_of_all():
    assert quantile([10.0] * 100, 0.999, Variation()) == 21
    assert quantile([10.0] + [0.0] * 99, 0.999, Variation()) == poisson.ppf(0.9, 10.0)
    assert quantile([], 0.999, Variation()) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1e4), min_size=1, max_size=8),
    st.floats(1, 50),
    st.floats(0, 0.5),
)
def test_the_quantile_is_the_smallest_number_exceeded_so_rarely(means, batch, cv2):
    how = Variation(batch, cv2)
    limit = quantile(means, 0.999, how)
    assert exceeding(means, limit, how).mean() <= 0.001
    assert limit == 0 or exceeding(means, limit - 1, how).mean() > 0.001


def test_both_distributions_are_scipys():
    means, how = np.array([0.5, 10.0, 200.0]), Variation(3.0, 0.01)
    variance = how.variance(means)
    size = means**2 / (variance - means)
    for limit in (0, 3, 50, 300):
        assert exceeding(means, limit, Variation()) == pytest.approx(poisson.sf(limit, means))
        wide = nbinom.sf(limit, size, size / (size + means))
        assert exceeding(means, limit, how) == pytest.approx(wide, abs=1e-14)
    assert list(exceeding(means, -1, how)) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("wrong", [0.0, 1.0, float("nan")])
def test_a_level_outside_its_range_is_refused(wrong):
    with pytest.raises(InputError, match="strictly between"):
        quantile([1.0], wrong, Variation())
    with pytest.raises(InputError, match="0 or more"):
        exceeding([float("nan")], 1, Variation())
