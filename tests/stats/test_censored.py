from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from observe.errors import InputError
from observe.stats.censored import censored_histogram
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.quantile import quantile

BOUNDS = np.array(ISTIO_BUCKETS_MS)
TRUTH = stats.lognorm(0.9, scale=200)
counts = st.lists(st.integers(0, 10**5), min_size=20, max_size=20)


def uncut(n: float) -> np.ndarray:
    return np.diff(TRUTH.cdf(BOUNDS) * n, prepend=0.0)


def cut_at(t: float, n: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact counts of n requests under a timeout: those that ended, and those that were cut."""
    ended = np.diff(np.minimum(TRUTH.cdf(BOUNDS), TRUTH.cdf(t)) * n, prepend=0.0)
    cut = np.zeros(20)
    cut[np.searchsorted(BOUNDS, t, side="right")] = TRUTH.sf(t) * n
    return ended, cut


def test_without_censoring_nothing_changes() -> None:
    events = Histogram(BOUNDS, uncut(1e6), 5e8)
    seen = censored_histogram(events, Histogram.empty())
    assert seen.survival.counts == pytest.approx(events.counts, abs=1e-6)
    assert seen.survival.total_sum == 5e8
    assert (seen.identified_below, seen.fraction) == (1.0, 0.0)
    assert seen.weight == pytest.approx(1.0)


def test_wholly_cut_quantiles_are_identified_only_below_the_cut() -> None:
    ended, cut = cut_at(1_000.0, 1e6)
    seen = censored_histogram(Histogram(BOUNDS, ended), Histogram(BOUNDS, cut))
    below = TRUTH.cdf(1_000.0)
    assert seen.identified_below == pytest.approx(below)
    assert seen.fraction == pytest.approx(1 - below)
    assert seen.identifies(below - 0.01)
    assert not seen.identifies(0.999)
    assert quantile(seen.survival, 0.9).value == pytest.approx(TRUTH.ppf(0.9), rel=0.05)
    assert quantile(seen.survival, 0.999).high == np.inf


@pytest.mark.parametrize("cut_share", [0.25, 0.5, 0.75])
def test_a_timeout_in_part_of_the_week_leaves_the_tail_known(cut_share: float) -> None:
    ended, cut = cut_at(1_000.0, 1e6 * cut_share)
    events = Histogram(BOUNDS, ended + uncut(1e6 * (1 - cut_share)))
    seen = censored_histogram(events, Histogram(BOUNDS, cut), cut_ms=1_000.0)
    assert seen.identified_below == pytest.approx(1.0)
    assert seen.weight == pytest.approx(1 / (1 - cut_share), rel=1e-6)
    assert quantile(seen.survival, 0.99).value == pytest.approx(TRUTH.ppf(0.99), rel=0.02)
    assert quantile(seen.survival, 0.999).value == pytest.approx(TRUTH.ppf(0.999), rel=0.02)


def test_dropping_the_censored_instead_would_hide_the_tail() -> None:
    ended, cut = cut_at(1_000.0, 5e5)
    events = Histogram(BOUNDS, ended + uncut(5e5))
    naive = quantile(events, 0.99).value
    seen = censored_histogram(events, Histogram(BOUNDS, cut), cut_ms=1_000.0)
    assert naive < 0.9 * TRUTH.ppf(0.99)
    assert quantile(seen.survival, 0.99).value > 0.97 * TRUTH.ppf(0.99)


@pytest.mark.parametrize("timeout", [700.0, 1_000.0, 1_600.0, 2_000.0])
def test_an_unknown_timeout_never_makes_the_tail_shorter(timeout: float) -> None:
    ended, cut = cut_at(timeout, 5e5)
    events, gone = Histogram(BOUNDS, ended + uncut(5e5)), Histogram(BOUNDS, cut)
    seen = censored_histogram(events, gone)
    for q in (0.9, 0.99, 0.999):
        assert quantile(seen.survival, q).value > 0.97 * TRUTH.ppf(q)


@pytest.mark.parametrize("timeout", [700.0, 1_600.0, 2_000.0])
@pytest.mark.parametrize("q", [0.99, 0.999])
def test_a_timeout_inside_a_bucket_is_placed_there(timeout: float, q: float) -> None:
    ended, cut = cut_at(timeout, 5e5)
    events = Histogram(BOUNDS, ended + uncut(5e5))
    seen = censored_histogram(events, Histogram(BOUNDS, cut), cut_ms=timeout)
    assert seen.identified_below == pytest.approx(1.0)
    assert quantile(seen.survival, q).value == pytest.approx(TRUTH.ppf(q), rel=0.06)


def test_the_mean_of_the_censored_tells_where_they_were_cut() -> None:
    ended, cut = cut_at(1_600.0, 5e5)
    events = Histogram(BOUNDS, ended + uncut(5e5))
    told = censored_histogram(events, Histogram(BOUNDS, cut), cut_ms=1_600.0)
    inferred = censored_histogram(events, Histogram(BOUNDS, cut, cut.sum() * 1_600.0))
    assert inferred.survival.counts == pytest.approx(told.survival.counts)


def test_a_known_timeout_inside_a_bucket_still_hides_what_lies_beyond() -> None:
    ended, cut = cut_at(1_600.0, 1e6)
    seen = censored_histogram(Histogram(BOUNDS, ended), Histogram(BOUNDS, cut), cut_ms=1_600.0)
    assert seen.identified_below == pytest.approx(TRUTH.cdf(1_600.0))


def test_one_request_seen_beyond_the_cut_does_not_identify_the_tail() -> None:
    ended, cut = cut_at(1_000.0, 1e5)
    ended[12] += 1
    seen = censored_histogram(Histogram(BOUNDS, ended), Histogram(BOUNDS, cut), cut_ms=1_000.0)
    assert seen.identified_below == pytest.approx(TRUTH.cdf(1_000.0), abs=1e-4)


@given(counts, counts)
def test_mass_is_kept_and_censoring_only_lengthens_the_tail(
    ended: list[int], cut: list[int]
) -> None:
    events, gone = Histogram(BOUNDS, np.array(ended)), Histogram(BOUNDS, np.array(cut))
    seen = censored_histogram(events, gone)
    assert seen.survival.total == pytest.approx(events.total + gone.total)
    assert 0 <= seen.identified_below <= 1
    assert seen.weight >= 1
    if events.total > 0:
        upto = events.cumulative / events.total
        estimated = seen.survival.cumulative / seen.survival.total
        assert np.all(estimated <= upto + 1e-9)


def test_when_everything_was_cut_nothing_is_identified() -> None:
    seen = censored_histogram(Histogram.empty(), Histogram(BOUNDS, np.eye(20)[10] * 50))
    assert (seen.identified_below, seen.fraction) == (0.0, 1.0)


def test_an_empty_target_identifies_nothing() -> None:
    assert censored_histogram(Histogram.empty(), Histogram.empty()).identified_below == 0.0


def test_other_bounds_are_refused() -> None:
    with pytest.raises(InputError, match="same buckets"):
        censored_histogram(Histogram.empty(), Histogram.empty([1.0, np.inf]))
