"""Bursts of failures, told apart from failures that come one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.stats.bursts import bursts, load_driven, mostly_failing

STEPS = 2016


def _by_chance(requests, share, seed=1):
    rng = np.random.default_rng(seed)
    return rng.binomial(np.asarray(requests, dtype=int), share).astype(float)


FLAT = np.full(STEPS, 1000.0)


def test_failures_by_chance_are_no_burst():
    found = bursts(_by_chance(FLAT, 0.01), FLAT)
    assert found.spans == ()
    assert found.base == pytest.approx(0.01, rel=0.02)


def test_a_burst_is_found_with_its_ends_and_does_not_count_for_the_base():
    failed = _by_chance(FLAT, 0.01)
    failed[700:706] = 400.0
    found = bursts(failed, FLAT)
    assert found.spans == ((700, 706),)
    assert found.near[699] and found.near[706] and not found.near[698]
    assert found.base == pytest.approx(0.01, rel=0.02)


def test_long_bursts_that_make_most_of_the_failures_are_found_all_the_same():
    failed = _by_chance(FLAT, 0.002)
    failed[200:500] = _by_chance(np.full(300, 1000), 0.25, seed=2)
    found = bursts(failed, FLAT)
    assert found.spans == ((200, 500),)
    assert found.base == pytest.approx(0.002, rel=0.1)


def test_two_failures_are_no_burst_however_rare_failures_are():
    failed = np.zeros(STEPS)
    failed[100] = 2.0
    assert bursts(failed, FLAT).spans == ()
    failed[100] = 3.0
    assert bursts(failed, FLAT).spans == ((100, 101),)


@given(st.floats(0.0005, 0.05), st.integers(20, 5000), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_chance_alone_hardly_ever_looks_like_a_burst(share, requests, seed):
    totals = np.full(STEPS, float(requests))
    found = bursts(_by_chance(totals, share, seed), totals)
    assert found.inside.sum() <= 2  # 2016 steps of 1e-5 each


def test_a_client_with_few_requests_fails_mostly_by_the_hour():
    coarse = np.arange(24) // 12
    totals = np.ones(24)
    failed = np.array([1.0] * 12 + [0.0] * 12)
    assert mostly_failing(failed, totals, coarse).tolist() == [True] * 12 + [False] * 12
    half = np.array([1.0, 0.0] * 12)
    assert not mostly_failing(half, totals, coarse).any()


def _days(low, high):
    return np.round(low + (high - low) * (1 + np.sin(np.arange(STEPS) / 288 * 2 * np.pi)) / 2)


def test_failures_above_a_load_are_driven_by_it():
    load = _days(100, 3000)
    failed = np.where(load > 2400, _by_chance(load, 0.02), 0.0)
    assert load_driven(failed, load)


def test_failures_at_any_load_are_not():
    load = _days(100, 3000)
    assert not load_driven(_by_chance(load, 0.01), load)


def test_failures_of_one_evening_are_not_driven_by_the_load_of_evenings():
    load = _days(100, 3000)
    failed = np.zeros(STEPS)
    failed[60:90] = 200.0
    assert not load_driven(failed, load)
