"""The knee of latency against load, on servers whose law is known."""

import numpy as np
import pytest

from observe.stats.knee import find_knee


def throughput(level, contention, coherency, n):
    """Gunther's law, written the other way round than in the fit."""
    return level * n / (1 + contention * (n - 1) + coherency * n * (n - 1))


def week(level, contention, coherency, busiest, noise=0.04, seed=0, days=7):
    """Throughput, latency and day of each hour; the busiest hour reaches `busiest` of the peak."""
    rng = np.random.default_rng(seed)
    peak = np.sqrt((1 - contention) / coherency)
    hours = np.arange(24 * days)
    load = 0.3 + 0.7 * (0.5 + 0.5 * np.cos((hours - 15) * np.pi / 12))
    under_way = np.linspace(0.01, peak, 20_000)
    table = throughput(level, contention, coherency, under_way)
    x = busiest * table[-1] * load * rng.uniform(0.97, 1.0, hours.size)
    r = np.interp(x, table, under_way) / x
    return x, r * np.exp(noise * rng.standard_normal(hours.size)), hours // 24


LAWS = [(20, 0.02, 0.001), (20, 0.1, 0.002), (5, 0.0, 0.005), (100, 0.05, 0.0005)]


@pytest.mark.parametrize("law", LAWS)
def test_a_server_that_comes_near_its_peak_shows_where_it_is(law):
    true = np.sqrt((1 - law[1]) / law[2])
    found = [find_knee(*week(*law, busiest=0.99, seed=seed)) for seed in range(20)]
    claims = [one for one in found if one is not None]
    assert len(claims) >= 15
    assert all(one.concurrency == pytest.approx(true, rel=0.25) for one in claims)
    assert sum(one.low <= true <= one.high for one in claims) >= 0.75 * len(claims)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("busiest", [0.4, 0.6])
def test_a_server_far_from_its_peak_shows_nothing(law, busiest):
    assert all(find_knee(*week(*law, busiest=busiest, seed=seed)) is None for seed in range(5))


def test_without_noise_the_law_comes_back():
    found = find_knee(*week(20, 0.1, 0.002, busiest=0.99, noise=0.0))
    assert found.contention == pytest.approx(0.1, rel=1e-3)
    assert found.coherency == pytest.approx(0.002, rel=1e-3)
    assert found.concurrency == pytest.approx(21.213, rel=1e-3)
    assert found.explained > 0.9999


def test_latency_that_does_not_depend_on_load_has_no_knee():
    x, _, day = week(20, 0.1, 0.002, busiest=0.99)
    rng = np.random.default_rng(1)
    assert find_knee(x, 0.1 * np.exp(0.3 * rng.standard_normal(x.size)), day) is None
    assert find_knee(x, np.full(x.size, 0.1), day) is None


def test_latency_that_falls_with_load_has_no_knee():
    x, _, day = week(20, 0.1, 0.002, busiest=0.99)
    assert find_knee(x, 0.1 * (x / x.max()) ** -0.5, day) is None


def test_a_steady_load_or_a_short_window_tell_nothing():
    x, r, day = week(20, 0.1, 0.002, busiest=0.99)
    steady = x > 0.7 * x.max()
    assert find_knee(x[steady], r[steady], day[steady]) is None
    assert find_knee(x[:40], r[:40], day[:40]) is None
    assert find_knee(x, r, day // 3) is None
    assert find_knee([], [], []) is None


def test_hours_without_a_number_are_left_out():
    x, r, day = week(20, 0.1, 0.002, busiest=0.99)
    holes = np.concatenate(([np.nan, 0.0, 5.0], x)), np.concatenate(([1.0, 1.0, np.inf], r))
    assert find_knee(*holes, np.concatenate(([0, 0, 0], day))) == find_knee(x, r, day)


def test_a_peak_that_was_passed_without_harm_is_none():
    x, _, day = week(20, 0.1, 0.002, busiest=0.99)
    # latency doubles at once above half of the load: no law of scalability does
    r = np.where(x > 0.5 * x.max(), 1.0, 0.5)
    found = find_knee(x, r, day)
    assert found is None or found.concurrency >= np.quantile(x * r, 0.9)
