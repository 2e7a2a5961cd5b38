"""Mixtures against numbers known from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from observe.demo.mixture import (
    Mixture,
    caller_of,
    constant,
    gamma,
    invert,
    lognormal,
    mix,
    pareto,
)

POINTS = np.array([0.1, 1.0, 7.0, 40.0, 90.0, 700.0, 1e5])

FAMILIES = {
    "lognormal": (lognormal(40, 0.5), stats.lognorm(0.5, scale=40)),
    "gamma": (gamma(60, 2.5), stats.gamma(2.5, scale=60 / 2.5)),
    "pareto": (pareto(30, 1.9), stats.pareto(1.9, scale=30)),
    "shifted": (lognormal(40, 0.5).shifted(25), stats.lognorm(0.5, scale=40, loc=25)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_the_distribution_that_scipy_gives_it(name: str) -> None:
    ours, scipys = FAMILIES[name]
    np.testing.assert_allclose(ours.cdf(POINTS), scipys.cdf(POINTS), atol=1e-12)
    assert ours.quantile(0.999) == pytest.approx(scipys.ppf(0.999), rel=1e-8)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_partial_mean_is_the_integral_up_to_there(name: str) -> None:
    ours, scipys = FAMILIES[name]
    upper = 300.0
    expected = scipys.expect(lambda x: x, lb=scipys.support()[0], ub=upper)
    assert ours.partial_mean(np.array([upper]))[0] == pytest.approx(expected, rel=1e-6)
    assert ours.partial_mean(np.array([1e14]))[0] == pytest.approx(scipys.mean(), rel=1e-6)


def test_a_constant_steps_at_its_value() -> None:
    np.testing.assert_array_equal(constant(1001).cdf(np.array([1000.9, 1001.0])), [0.0, 1.0])
    np.testing.assert_array_equal(constant(5).partial_mean(np.array([4.0, 6.0])), [0.0, 5.0])


def test_shares_of_a_mixture_are_normalised() -> None:
    mixture = mix((3, constant(10)), (1, constant(20)))
    np.testing.assert_allclose(mixture.cdf(np.array([9.0, 15.0, 25.0])), [0.0, 0.75, 1.0])


def test_a_caller_is_slower_than_the_callee_it_waits_for_at_the_same_rank() -> None:
    callee = mix((0.9, lognormal(20, 0.4)), (0.1, pareto(60, 2.0)))
    caller = caller_of(lognormal(15, 0.3), [(1.0, callee)])
    for q in (0.5, 0.99, 0.9999):
        assert caller.quantile(q) == pytest.approx(callee.quantile(q) + 15.0, rel=1e-6)


@given(
    st.floats(0.5, 5_000),
    st.floats(0.1, 1.5),
    st.floats(0.01, 0.99),
    st.floats(0.0001, 0.9999),
)
def test_the_quantile_inverts_the_distribution(
    median: float, sigma: float, share: float, q: float
) -> None:
    mixture: Mixture = mix((share, lognormal(median, sigma)), (1 - share, gamma(3 * median, 2.0)))
    at = mixture.quantile(q)
    assert mixture.cdf(np.array([at]))[0] == pytest.approx(q, abs=1e-7)


def test_inverting_finds_points_across_many_magnitudes() -> None:
    for point in (0.01, 1.0, 3.6e6):
        assert invert(lambda x, p=point: x / (x + p), 0.5) == pytest.approx(point, rel=1e-8)
