"""Memory of one container: the maximum, growth, leaks, kills."""

import numpy as np
import pytest

from observe.recommend.resource_memory import margin, memory_need, memory_request, whole_mib
from observe.recommend.resource_policy import BALANCED, COST, MIB, SAFE, ResourcePolicy
from observe.recommend.resource_usage import usage

MONDAY = 1_704_067_200
DAY, WEEK = 288, 2016
POLICY = ResourcePolicy()


def of(mib, **known):
    memory = np.asarray(mib, dtype=float) * MIB
    known.setdefault("cpu", np.full(memory.size, 0.1))
    return usage(known.pop("cpu"), memory, start=MONDAY, **known)


def need(mib, **known):
    found = memory_need(of(mib, **known), POLICY)
    assert found is not None
    return found


def noise(seed=0, steps=WEEK, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=steps)


def test_a_steady_maximum_gets_the_least_margin():
    found = need(np.full(WEEK, 500.0))
    assert (found.peak, found.need, found.growth, found.leak) == (500 * MIB, 500 * MIB, 0.0, False)
    wanted = [memory_request(found, v, POLICY) / MIB for v in (COST, BALANCED, SAFE)]
    assert wanted == [515, 525, 575]


def test_days_that_differ_widen_the_margin_within_its_bounds():
    assert margin(0.08, BALANCED) == 0.08
    assert margin(0.50, BALANCED) == BALANCED.memory_most_margin
    assert margin(float("nan"), BALANCED) == BALANCED.memory_most_margin


def test_the_spread_is_that_of_the_maxima_of_days():
    peaks = np.array([100.0, 110, 90, 105, 95, 100, 100])
    found = need(np.repeat(peaks, DAY))
    assert found.spread == pytest.approx(np.sqrt(np.mean(np.diff(np.log(peaks)) ** 2) / 2))
    assert np.isnan(need(np.full(2 * DAY, 100.0)).spread)


def test_one_peak_of_one_step_is_needed_for_memory():
    mib = np.full(WEEK, 300.0)
    mib[77] = 450
    assert need(mib).peak == 450 * MIB


@pytest.mark.parametrize("a_day", [15.0, 40.0])
def test_a_steady_rise_whatever_the_load_is_a_leak(a_day):
    daily = 20 * np.sin(np.arange(WEEK) / DAY * 2 * np.pi)
    found = need(200 + a_day * np.arange(WEEK) / DAY + daily + noise())
    assert found.leak
    assert found.per_week == pytest.approx(7 * a_day * MIB, rel=0.05)


def test_a_leak_that_is_killed_every_night_is_still_a_leak():
    one = np.linspace(200, 800, DAY)
    kills = np.zeros(WEEK)
    kills[DAY::DAY] = 1
    found = need(np.tile(one, 7) + noise(), oom_kills=kills)
    assert found.leak
    assert found.oom_kills == 6


def test_a_leak_is_seen_through_kills_and_new_versions_that_nobody_counted():
    nightly = np.tile(np.linspace(200, 800, DAY), 7) + noise()
    assert need(nightly, memory_limit=820 * MIB).leak
    assert need(np.tile(np.linspace(200, 800, 2 * DAY + 100), 4)[:WEEK] + noise()).leak


@pytest.mark.parametrize("hours", [2, 9])
def test_a_garbage_collector_is_no_leak(hours):
    saw = np.arange(WEEK) % (12 * hours) / (12 * hours)
    found = need(200 + 200 * saw + noise())
    assert not found.leak
    assert found.growth == 0.0
    assert found.peak == pytest.approx(400 * MIB, rel=0.02)


def test_a_cache_that_fills_up_is_no_leak():
    found = need(600 - 400 * np.exp(-np.arange(WEEK) / (0.7 * DAY)) + noise())
    assert not found.leak
    assert found.growth < 0.05 * found.peak


def test_memory_that_follows_a_growing_load_is_no_leak():
    rise = 1 + 0.5 * np.arange(WEEK) / WEEK
    found = need(300 * rise + noise(), cpu=0.2 * rise + noise(1, scale=0.005))
    assert not found.leak
    assert found.growth == pytest.approx(150 * MIB, rel=0.1)
    assert need(300 * rise + noise()).leak


def test_a_slow_rise_gets_room_for_another_week():
    found = need(1000 + 50 * np.arange(WEEK) / WEEK + noise())
    assert not found.leak
    assert found.growth == pytest.approx(50 * MIB, rel=0.1)
    assert found.growth <= found.growth_high


@pytest.mark.parametrize("seed", range(8))
def test_noise_and_days_are_no_trend(seed):
    daily = 100 * np.sin(np.arange(WEEK) / DAY * 2 * np.pi)
    found = need(500 + daily + noise(seed, scale=20))
    assert not found.leak
    assert found.growth <= 0.1 * found.peak


def test_the_morning_of_one_day_is_not_a_leak():
    assert not need(500 - 200 * np.cos(np.arange(DAY) / DAY * 2 * np.pi)[: DAY // 2]).leak


def test_gaps_hide_no_leak():
    mib = 200 + 40 * np.arange(WEEK) / DAY + noise()
    mib[np.random.default_rng(5).random(WEEK) < 0.3] = np.nan
    mib[3 * DAY : 4 * DAY] = np.nan
    assert need(mib).leak


def test_a_kill_asks_for_more_than_there_was():
    kills = np.zeros(WEEK)
    kills[500] = 1
    mib = np.full(WEEK, 900.0)
    assert need(mib, oom_kills=kills).need == pytest.approx(900 * 1.2 * MIB)
    small = need(np.full(WEEK, 90.0), oom_kills=kills)
    assert small.need == 190 * MIB
    limited = need(mib, oom_kills=kills, memory_limit=1024 * MIB)
    assert limited.need == pytest.approx(1024 * 1.2 * MIB)
    assert limited.censored
    assert limited.peak == 900 * MIB


def test_at_its_limit_memory_is_censored():
    assert need(np.full(WEEK, 510.0), memory_limit=512 * MIB).censored
    assert not need(np.full(WEEK, 300.0), memory_limit=512 * MIB).censored


def test_nothing_scraped_is_nothing_known():
    assert memory_need(of(np.full(WEEK, np.nan)), POLICY) is None


def test_requests_are_in_whole_mib_and_never_below_the_least():
    assert whole_mib(100.2 * MIB) == 101 * MIB
    assert whole_mib(100 * MIB) == 100 * MIB
    assert memory_request(need(np.full(WEEK, 5.0)), BALANCED, POLICY) == 32 * MIB
