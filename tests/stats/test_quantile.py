from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from observe.errors import InputError
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.quantile import bucket_of, fraction_above, linear_quantile, quantile, quantiles

BOUNDS = np.array(ISTIO_BUCKETS_MS)
LEVELS = (0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999)
histograms = st.builds(
    lambda counts, mean: Histogram(BOUNDS, np.array(counts), mean and mean * sum(counts)),
    st.lists(st.one_of(st.just(0), st.integers(0, 10**7)), min_size=20, max_size=20).filter(any),
    st.one_of(st.none(), st.floats(0.01, 10**7)),
)


def of(distribution: object, n: float = 1e7) -> Histogram:
    return Histogram.from_cumulative(BOUNDS, distribution.cdf(BOUNDS) * n)  # type: ignore[attr-defined]


def only(bucket: int, n: float = 1_000.0, total_sum: float | None = None) -> Histogram:
    return Histogram(BOUNDS, np.eye(BOUNDS.size)[bucket] * n, total_sum)


@given(histograms, st.floats(0, 1))
def test_a_quantile_lies_within_its_bucket(h: Histogram, q: float) -> None:
    e = quantile(h, q)
    assert e.low <= e.value <= e.high
    before = h.counts[h.bounds <= e.low].sum()
    upto = h.counts[h.bounds <= e.high].sum()
    assert before <= q * h.total * (1 + 1e-9)
    assert q * h.total * (1 - 1e-9) <= upto


@given(histograms)
def test_quantiles_increase_with_the_level(h: Histogram) -> None:
    values = [e.value for e in quantiles(h, np.linspace(0, 1, 101).tolist())]
    assert np.all(np.diff(values) >= 0)


@given(histograms, st.floats(0.001, 0.9999))
def test_the_fraction_above_a_quantile_is_what_the_level_leaves(h: Histogram, q: float) -> None:
    e = quantile(h, q)
    above = fraction_above(h, e.value)
    assert above.low <= above.value <= above.high
    if np.isfinite(e.high):
        assert above.value == pytest.approx(1 - q, abs=1e-9)


@given(histograms, st.floats(0, 1e8), st.floats(0, 1e8))
def test_the_fraction_above_never_grows_with_the_duration(h: Histogram, a: float, b: float) -> None:
    early, late = sorted((a, b))
    assert fraction_above(h, early).value >= fraction_above(h, late).value - 1e-12


@given(histograms)
def test_at_a_bound_the_fraction_above_is_exact(h: Histogram) -> None:
    for bound, upto in zip(h.bounds[:-1], h.cumulative[:-1], strict=True):
        e = fraction_above(h, bound)
        assert e.value == pytest.approx(1 - upto / h.total, abs=1e-9)
        assert e.high - e.low <= 1e-9


@pytest.mark.parametrize("sigma", [0.5, 0.8, 1.2])
def test_log_normal_tails_are_found_within_one_per_cent(sigma: float) -> None:
    d = stats.lognorm(sigma, scale=70)
    for e, q in zip(
        quantiles(of(d), (0.5, 0.9, 0.99, 0.999)), (0.5, 0.9, 0.99, 0.999), strict=True
    ):
        assert e.value == pytest.approx(d.ppf(q), rel=0.01)


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0])
def test_weibull_tails_are_found_within_one_per_cent(shape: float) -> None:
    d = stats.weibull_min(shape, scale=130)
    for e, q in zip(quantiles(of(d), (0.9, 0.99, 0.999)), (0.9, 0.99, 0.999), strict=True):
        assert e.value == pytest.approx(d.ppf(q), rel=0.01)


def test_the_mean_places_requests_that_share_one_bucket() -> None:
    without = quantile(only(7), 0.5)
    fast = quantile(only(7, total_sum=115.0 * 1_000), 0.5)
    slow = quantile(only(7, total_sum=225.0 * 1_000), 0.5)
    assert (without.low, without.high) == (100.0, 250.0)
    assert fast.value == pytest.approx(115, rel=0.05)
    assert without.value == pytest.approx(158, rel=0.05)
    assert slow.value == pytest.approx(225, rel=0.05)


def test_a_sum_that_contradicts_the_buckets_is_ignored() -> None:
    h = of(stats.lognorm(0.8, scale=70))
    absurd = Histogram(h.bounds, h.counts, h.total * 1e6)
    assert quantile(absurd, 0.99) == quantile(h, 0.99)


def test_nothing_is_placed_between_two_modes() -> None:
    counts = np.zeros(20)
    counts[2], counts[10] = 900, 100
    h = Histogram(BOUNDS, counts)
    assert quantile(h, 0.899).high == 5.0
    assert quantile(h, 0.901).low == 1_000.0
    assert fraction_above(h, 50.0) == fraction_above(h, 400.0)
    assert fraction_above(h, 50.0).value == pytest.approx(0.1)


def test_in_the_bucket_without_end_only_its_start_is_known() -> None:
    counts = np.zeros(20)
    counts[5], counts[-1] = 90, 10
    e = quantile(Histogram(BOUNDS, counts), 0.95)
    assert (e.value, e.low, e.high) == (3_600_000, 3_600_000, np.inf)
    above = fraction_above(Histogram(BOUNDS, counts), 1e9)
    assert (above.low, above.high) == (0.0, pytest.approx(0.1))


def test_a_histogram_of_one_bucket_knows_nothing() -> None:
    e = quantile(Histogram(np.array([np.inf]), np.array([7.0])), 0.5)
    assert (e.low, e.high) == (0.0, np.inf)


def test_an_empty_histogram_has_no_quantile_and_any_interval() -> None:
    e = quantile(Histogram.empty(), 0.99)
    assert np.isnan(e.value)
    assert (e.low, e.high) == (0.0, np.inf)
    above = fraction_above(Histogram.empty(), 10.0)
    assert np.isnan(above.value)
    assert (above.low, above.high) == (0.0, 1.0)


def test_rates_give_the_same_quantiles_as_counts() -> None:
    h = of(stats.lognorm(0.8, scale=70), n=1e4)
    per_second = quantiles(h.scaled(1 / 604_800), LEVELS[1:5])
    for rate, count in zip(per_second, quantiles(h, LEVELS[1:5]), strict=True):
        assert rate.value == pytest.approx(count.value, rel=0.01)


def test_the_linear_estimate_is_that_of_prometheus() -> None:
    h = Histogram(np.array([10.0, 100.0, np.inf]), np.array([2.0, 6.0, 2.0]))
    assert linear_quantile(h, 0.1) == 5.0
    assert linear_quantile(h, 0.5) == 10 + 90 * 3 / 6
    assert linear_quantile(h, 0.95) == 100.0
    assert np.isnan(linear_quantile(Histogram.empty(), 0.5))


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_a_level_outside_0_and_1_is_refused(q: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        quantile(only(3), q)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(InputError, match="not negative"):
        fraction_above(only(3), -1.0)


def test_the_bucket_of_a_quantile_is_the_bracket_of_its_estimate() -> None:
    h = Histogram(np.array([10.0, 100.0, np.inf]), np.array([900.0, 99.0, 1.0]))
    for q in (0.5, 0.9, 0.95, 0.999, 0.9995):
        estimate = quantile(h, q)
        assert bucket_of(h, q) == (estimate.low, estimate.high)
    assert bucket_of(Histogram.empty(), 0.5) == (0.0, np.inf)
