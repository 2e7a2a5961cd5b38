from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from observe.stats.curve import survival_curve
from observe.stats.histogram import ISTIO_BUCKETS_MS, Histogram
from observe.stats.papers import LOGLOGISTIC, LOGNORMAL, WEIBULL, Paper

BOUNDS = np.array(ISTIO_BUCKETS_MS)


@pytest.mark.parametrize("paper", [LOGNORMAL, WEIBULL, LOGLOGISTIC])
def test_a_paper_reads_back_what_was_drawn_on_it(paper: Paper) -> None:
    shares = np.array([0.999999, 0.9, 0.5, 0.01, 1e-7])
    assert paper.share(paper.scale(shares)) == pytest.approx(shares, rel=1e-9)
    assert np.all(np.diff(paper.scale(shares)) > 0)


@pytest.mark.parametrize(
    ("paper", "distribution"),
    [
        (LOGNORMAL, stats.lognorm(0.9, scale=120)),
        (WEIBULL, stats.weibull_min(0.8, scale=90)),
        (LOGLOGISTIC, stats.burr12(2.5, 1.0, scale=60)),
    ],
)
def test_its_own_family_is_drawn_exactly(paper: Paper, distribution: object) -> None:
    d = distribution
    h = Histogram.from_cumulative(BOUNDS, d.cdf(BOUNDS) * 1e8)  # type: ignore[attr-defined]
    curve = survival_curve(h, [paper])
    for s in (0.5, 0.1, 0.01, 0.001):
        assert curve.time_at(s) == pytest.approx(d.isf(s), rel=2e-3)  # type: ignore[attr-defined]


def test_survival_starts_at_one_ends_at_zero_and_goes_through_the_bounds() -> None:
    counts = np.zeros(20)
    counts[[4, 5, 8]] = [50, 30, 20]
    curve = survival_curve(Histogram(BOUNDS, counts))
    assert curve.survival([10.0, 25.0, 50.0, 250.0, 500.0]) == pytest.approx(
        [1.0, 0.5, 0.2, 0.2, 0.0], abs=1e-9
    )
    assert curve.survival([1.0, 9_999.0]).tolist() == [1.0, 0.0]


def test_survival_stays_where_the_last_bound_leaves_it() -> None:
    counts = np.zeros(20)
    counts[4], counts[-1] = 75, 25
    curve = survival_curve(Histogram(BOUNDS, counts))
    assert curve.survival([3_600_000.0, 1e12]) == pytest.approx([0.25, 0.25])


def test_an_empty_histogram_has_no_curve() -> None:
    curve = survival_curve(Histogram.empty())
    assert np.isnan(curve.survival([1.0, 2.0])).all()
    assert np.isnan(curve.time_at(0.5))


def test_seeing_nothing_beyond_in_more_requests_draws_the_tail_in() -> None:
    counts = np.zeros(20)
    counts[[7, 8]] = [99_900, 100]
    few = survival_curve(Histogram(BOUNDS, counts / 1_000))
    many = survival_curve(Histogram(BOUNDS, counts * 1_000))
    assert many.time_at(1e-4) < few.time_at(1e-4)
