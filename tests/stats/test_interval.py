from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from observe.errors import InputError
from observe.stats.doubt import curve_error
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.interval import design_effect, proportion_interval, quantile_interval
from observe.stats.quantile import quantile

BOUNDS = np.array(ISTIO_BUCKETS_MS)
histograms = st.lists(
    st.one_of(st.just(0), st.integers(0, 10**6)), min_size=20, max_size=20
).filter(any)


def drawn(distribution: object, n: int, rng: np.random.Generator) -> Histogram:
    masses = np.diff(distribution.cdf(BOUNDS), prepend=0.0)  # type: ignore[attr-defined]
    return Histogram(BOUNDS, rng.multinomial(n, masses / masses.sum()))


@given(histograms, st.floats(0.001, 0.9995), st.floats(1, 100))
def test_the_interval_holds_the_value_and_stays_in_the_buckets_of_its_levels(
    counts: list[int], q: float, effect: float
) -> None:
    h = Histogram(BOUNDS, np.array(counts))
    e = quantile_interval(h, q, design_effect=effect)
    n = h.total / effect
    early, late = proportion_interval(q * n, n)
    assert quantile(h, early).low <= e.low <= e.value <= e.high <= quantile(h, late).high


@pytest.mark.parametrize("q", [0.99, 0.999])
def test_about_95_of_100_intervals_hold_the_truth(q: float) -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(300):
        d = stats.lognorm(rng.uniform(0.3, 1.3), scale=np.exp(rng.uniform(1, 8)))
        e = quantile_interval(drawn(d, int(rng.choice([3_000, 30_000, 10**6])), rng), q)
        held.append(e.low <= d.ppf(q) <= e.high)
    assert np.mean(held) >= 0.95


def test_two_modes_are_covered_too() -> None:
    rng = np.random.default_rng(12)
    held = []
    for _ in range(300):
        fast = stats.lognorm(rng.uniform(0.3, 0.9), scale=np.exp(rng.uniform(1, 5)))
        slow = stats.lognorm(rng.uniform(0.3, 0.7), scale=fast.median() * rng.uniform(5, 60))
        share = np.exp(rng.uniform(np.log(0.003), np.log(0.3)))
        masses = np.diff((1 - share) * fast.cdf(BOUNDS) + share * slow.cdf(BOUNDS), prepend=0.0)
        h = Histogram(BOUNDS, rng.multinomial(200_000, masses / masses.sum()))
        e = quantile_interval(h, 0.99)
        above = (1 - share) * fast.sf([e.low, e.high]) + share * slow.sf([e.low, e.high])
        held.append(above[0] >= 0.01 >= above[1])
    assert np.mean(held) >= 0.93


def test_more_requests_narrow_the_interval_and_a_design_effect_widens_it() -> None:
    d = stats.lognorm(0.8, scale=70)
    h = Histogram.from_cumulative(BOUNDS, d.cdf(BOUNDS) * 1e4)
    few, many = quantile_interval(h, 0.99), quantile_interval(h.scaled(100), 0.99)
    clustered = quantile_interval(h.scaled(100), 0.99, design_effect=100)
    assert many.high / many.low < few.high / few.low
    assert clustered.high / clustered.low == pytest.approx(few.high / few.low, rel=0.02)


def test_more_confidence_widens_the_interval() -> None:
    h = Histogram.from_cumulative(BOUNDS, stats.lognorm(0.8, scale=70).cdf(BOUNDS) * 1e5)
    spans = [quantile_interval(h, 0.99, c) for c in (0.8, 0.95, 0.99)]
    assert spans[0].high < spans[1].high < spans[2].high
    assert spans[0].low > spans[1].low > spans[2].low


def test_the_interval_has_no_end_when_the_tail_reaches_the_last_bucket() -> None:
    counts = np.zeros(20)
    counts[5], counts[-1] = 9_990, 10
    e = quantile_interval(Histogram(BOUNDS, counts), 0.999)
    assert e.high == np.inf
    assert e.low >= 25


def test_requests_in_one_bucket_bound_the_quantile_by_that_bucket() -> None:
    counts = np.zeros(20)
    counts[7] = 1e6
    e = quantile_interval(Histogram(BOUNDS, counts), 0.5)
    assert (e.low, e.high) == (100.0, 250.0)


def test_an_empty_histogram_allows_every_duration() -> None:
    e = quantile_interval(Histogram.empty(), 0.99)
    assert np.isnan(e.value)
    assert (e.low, e.high) == (0.0, np.inf)


def test_the_curve_is_exact_at_a_bound_and_doubtful_in_a_kink() -> None:
    smooth = Histogram.from_cumulative(BOUNDS, stats.lognorm(0.8, scale=70).cdf(BOUNDS) * 1e6)
    kinked = Histogram(BOUNDS, np.where(np.arange(20) == 8, 1.0, smooth.counts))
    at_bound, inside = curve_error(smooth, [250.0, 370.0])
    assert at_bound == 0.0
    assert 0.005 < inside < 0.05
    assert curve_error(kinked, [370.0])[0] > 4 * inside


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_proportion_interval_covers_at_least_as_often_as_it_says(confidence: float) -> None:
    # exact, over all outcomes of the binomial distribution
    n, p = 200, 0.03
    k = np.arange(n + 1)
    held = [low <= p <= high for low, high in (proportion_interval(i, n, confidence) for i in k)]
    assert stats.binom.pmf(k, n, p)[held].sum() >= confidence


def test_a_proportion_interval_equals_the_published_values() -> None:
    # Clopper & Pearson for 10 of 100 at 95 %
    assert proportion_interval(10, 100) == pytest.approx((0.0490, 0.1762), abs=5e-5)
    assert proportion_interval(0, 100) == pytest.approx((0.0, 0.0362), abs=5e-5)
    assert proportion_interval(100, 100) == pytest.approx((0.9638, 1.0), abs=5e-5)
    assert proportion_interval(0, 0) == (0.0, 1.0)


def test_a_design_effect_of_ten_is_worth_a_tenth_of_the_requests() -> None:
    assert proportion_interval(100, 1_000, design_effect=10) == proportion_interval(10, 100)


def test_the_design_effect_of_independent_requests_is_about_one() -> None:
    rng = np.random.default_rng(3)
    totals = rng.integers(500, 5_000, 168)
    effects = [design_effect(rng.binomial(totals, 0.01), totals) for _ in range(50)]
    assert np.mean(effects) == pytest.approx(1.05, abs=0.05)


def test_the_design_effect_measures_how_clustered_slow_requests_are() -> None:
    # a beta-binomial of correlation rho has a design effect of 1 + (n - 1) rho (Kish)
    rng = np.random.default_rng(4)
    n, p, rho = 1_000, 0.02, 0.005
    shares = rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1), 5_000)
    effect = design_effect(rng.binomial(n, shares), np.full(5_000, n))
    assert effect == pytest.approx(1 + (n - 1) * rho, rel=0.1)


def test_the_design_effect_is_never_below_one() -> None:
    assert design_effect([1, 1, 1, 1], [100, 100, 100, 100]) == 1.0
    assert design_effect([0, 0], [10, 10]) == 1.0
    assert design_effect([5], [10]) == 1.0
    assert design_effect([0, 5], [0, 10]) == 1.0


@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10)])
def test_more_hits_than_requests_are_refused(k: float, n: float) -> None:
    with pytest.raises(InputError, match="0 <= k <= n"):
        proportion_interval(k, n)


def test_a_level_or_confidence_of_one_is_refused() -> None:
    h = Histogram(BOUNDS, np.ones(20))
    with pytest.raises(InputError, match="strictly between"):
        quantile_interval(h, 1.0)
    with pytest.raises(InputError, match="strictly between"):
        quantile_interval(h, 0.9, confidence=1.0)
