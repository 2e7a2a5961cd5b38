import numpy as np
import pytest

from observe.stats.dispersion import effect_of_scatter, scatter

ALL = np.ones(400, dtype=bool)


def draw(rng, shares, n=20_000):
    return rng.binomial(n, shares), np.full(len(shares), n)


def test_chance_alone_is_no_scatter():
    rng = np.random.default_rng(1)
    found = [scatter(*draw(rng, np.full(400, 0.01)), ALL) for _ in range(20)]
    assert np.mean(found) < 0.02


def test_a_swing_from_hour_to_hour_is_found():
    rng = np.random.default_rng(2)
    shares = 0.01 * np.exp(0.3 * rng.standard_normal(400) - 0.045)
    assert scatter(*draw(rng, shares), ALL) == pytest.approx(0.3, rel=0.2)


def test_a_daily_rhythm_is_no_scatter():
    rng = np.random.default_rng(3)
    hours = np.arange(400)
    rhythm = 0.01 * (1 + 0.8 * np.sin(2 * np.pi * hours / 24))
    assert scatter(*draw(rng, rhythm), ALL) < 0.17


def test_only_neighbours_among_the_steps_are_compared():
    rng = np.random.default_rng(4)
    shares = np.where(np.arange(400) % 2 == 0, 0.001, 0.05)
    hits, totals = draw(rng, shares)
    assert scatter(hits, totals, ALL) > 0.5
    assert scatter(hits, totals, np.arange(400) % 2 == 0) == 0.0


def test_the_effect_grows_with_the_requests_that_share_an_hour():
    assert effect_of_scatter(0.0, 0.001, 1e6) == 1.0
    assert effect_of_scatter(0.5, 0.001, 100_000) == pytest.approx(
        1 + 0.25 * 100_000 * 0.001 / 0.999
    )
