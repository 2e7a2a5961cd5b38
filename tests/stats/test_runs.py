"""Runs of errors in a row: waiting times, chance, and how errors follow one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.stats.runs import (
    UNKNOWN_DEPENDENCE,
    ErrorShares,
    expected_runs,
    mean_wait,
    serial_dependence,
)


def _runs_in(errors: np.ndarray, k: int) -> int:
    """Runs counted as Envoy does: the count starts anew after each."""
    found = row = 0
    for error in errors:
        row = row + 1 if error else 0
        if row == k:
            found, row = found + 1, 0
    return found


def _chain(rng: np.random.Generator, share: float, correlation: float, size: int) -> np.ndarray:
    """A two-state Markov chain with this share of errors."""
    after = (share * (1 - correlation), share + correlation * (1 - share))
    state, chain = False, np.zeros(size, dtype=bool)
    for i, chance in enumerate(rng.random(size).tolist()):
        state = chance < after[int(state)]
        chain[i] = state
    return chain


@pytest.mark.parametrize(("k", "wait"), [(1, 2), (2, 6), (3, 14), (10, 2046)])
def test_the_wait_for_heads_in_a_row_is_the_known_one(k, wait):
    assert mean_wait(k, 0.5) == pytest.approx(wait)


def test_a_service_without_errors_never_has_a_run():
    assert mean_wait(3, 0.0) == np.inf


def test_a_host_that_always_fails_is_found_after_k_requests():
    assert mean_wait(5, 1.0) == pytest.approx(5.0)


def test_the_wait_under_dependence_is_that_of_a_markov_chain():
    rng = np.random.default_rng(2)
    waits = []
    for _ in range(3_000):
        chain = np.flatnonzero(np.convolve(_chain(rng, 0.2, 0.4, 600), np.ones(3), "valid") == 3)
        waits.append(chain[0] + 3 if chain.size else 600)
    assert np.mean(waits) == pytest.approx(float(mean_wait(3, 0.2, 0.4)), rel=0.05)


def test_runs_of_a_short_series_are_those_of_all_series():
    k, share, size = 2, 0.3, 9
    series = [[(i >> b) & 1 for b in range(size)] for i in range(2**size)]
    expected = sum(
        _runs_in(np.array(s), k) * share ** sum(s) * (1 - share) ** (size - sum(s)) for s in series
    )
    assert expected_runs(k, share, size) == pytest.approx(expected)


def test_the_mean_wait_is_the_limit_of_the_exact_recurrence():
    assert expected_runs(3, 0.2, 20_000) == pytest.approx(20_000 / mean_wait(3, 0.2), rel=0.001)


@given(st.integers(1, 20), st.floats(0.001, 0.99), st.floats(0, 0.9))
def test_more_in_a_row_take_longer(k, share, dependence):
    assert mean_wait(k + 1, share, dependence) > mean_wait(k, share, dependence)


@given(st.integers(2, 20), st.floats(0.001, 0.1), st.floats(0, 0.8))
def test_dependence_makes_runs_of_rare_errors_come_sooner(k, share, dependence):
    assert mean_wait(k, share, dependence) <= mean_wait(k, share) * (1 + 1e-9)


def test_a_run_of_nothing_is_refused():
    with pytest.raises(InputError):
        mean_wait(0, 0.1)


def test_the_same_share_everywhere_has_no_correlation():
    rng = np.random.default_rng(3)
    requests = rng.integers(50, 500, 2_000).astype(float)
    shares = ErrorShares.fit(rng.binomial(requests.astype(int), 0.02).astype(float), requests)
    assert shares.mean == pytest.approx(0.02, rel=0.05)
    assert shares.correlation < 0.001


def test_shares_that_differ_are_recovered_as_a_beta_distribution():
    rng = np.random.default_rng(4)
    requests = np.full(5_000, 200.0)
    errors = rng.binomial(200, rng.beta(0.5, 9.5, 5_000)).astype(float)
    shares = ErrorShares.fit(errors, requests)
    assert shares.mean == pytest.approx(0.05, rel=0.05)
    assert shares.correlation == pytest.approx(1 / 11, rel=0.1)


def test_a_group_with_few_requests_is_taken_for_what_the_others_are():
    shares = ErrorShares(0.01, 0.001)
    few, many = shares.moment(1, np.array([1.0, 1_000.0]), np.array([2.0, 10_000.0]))
    assert few == pytest.approx(0.011, rel=0.02)
    assert many == pytest.approx(0.092, rel=0.02)


def test_the_moment_of_a_share_is_the_power_that_is_expected_of_it():
    shares = ErrorShares(0.1, 0.1)  # a beta distribution with a = 0.9, b = 8.1
    drawn = np.random.default_rng(5).beta(0.9, 8.1, 1_000_000)
    found = shares.moment(3, np.array([0.0]), np.array([0.0]))[0]
    assert found**3 == pytest.approx(np.mean(drawn**3), rel=0.02)


def _counted(correlation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chains = [_chain(rng, 0.02, correlation, 300 * 500) for _ in range(3)]
    errors = np.array([chain.reshape(300, 500).sum(axis=1) for chain in chains], dtype=float)
    return errors, np.full_like(errors, 500.0)


def test_independent_errors_show_no_dependence():
    errors, requests = _counted(0.0, 6)
    found = serial_dependence(errors, requests, np.ones(errors.shape, dtype=bool))
    assert found.low < 0.01
    assert found.value < 0.05


def test_errors_that_follow_one_another_are_measured_from_counts_alone():
    errors, requests = _counted(0.5, 7)
    found = serial_dependence(errors, requests, np.ones(errors.shape, dtype=bool))
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.2
    assert found.value == pytest.approx(0.5, abs=0.06)


def test_shares_that_go_up_and_down_for_all_hosts_are_no_dependence():
    rng = np.random.default_rng(8)
    share = np.where(np.arange(600) % 50 < 3, 0.2, 0.01)
    requests = np.full((4, 600), 400.0)
    errors = rng.binomial(400, np.tile(share, (4, 1))).astype(float)
    found = serial_dependence(errors, requests, np.ones(errors.shape, dtype=bool))
    assert found.value < 0.05


def test_a_host_that_always_fails_a_little_more_is_no_dependence():
    rng = np.random.default_rng(9)
    requests = np.full((3, 1_000), 300.0)
    errors = rng.binomial(300, np.array([[0.01], [0.01], [0.03]]) * np.ones((1, 1_000)))
    found = serial_dependence(errors.astype(float), requests, np.ones((3, 1_000), dtype=bool))
    assert found.value < 0.1


def test_a_handful_of_errors_says_nothing_about_dependence():
    errors = np.zeros((2, 500))
    errors[0, [3, 90, 200]] = 1.0
    found = serial_dependence(errors, np.full((2, 500), 100.0), np.ones((2, 500), dtype=bool))
    assert found == UNKNOWN_DEPENDENCE


def test_rare_errors_that_always_come_in_fives_are_seen():
    rng = np.random.default_rng(10)
    errors = np.zeros((4, 2_000))
    errors[rng.integers(0, 4, 30), rng.choice(2_000, 30, replace=False)] = 5.0
    found = serial_dependence(errors, np.full((4, 2_000), 300.0), np.ones((4, 2_000), dtype=bool))
    assert found.value > 0.5
