"""Retries on weeks whose failures are made by hand."""

import numpy as np
import pytest
from retry_weeks import (
    REFUSED,
    STEPS,
    UNAVAILABLE,
    Seen,
    advise,
    by_chance,
    flat,
    lost,
    week,
)

from observe.recommend.policy import Policy

IDEMPOTENT = Policy.model_validate({"retry": {"idempotent": ["cart.*"]}})
ROUND = flat(3000)


def steps(first, last, value):
    found = np.zeros(STEPS)
    found[first:last] = value
    return found


def test_failures_that_come_one_by_one_are_retried_once():
    failed = by_chance(ROUND, 0.01)
    retry = advise(week(lost(ROUND, failed)))
    share = failed.sum() / ROUND.sum()
    assert retry.proposed == {
        "attempts": 1,
        "perTryTimeout": None,
        "retryOn": "connect-failure,refused-stream,unavailable",
        "backoff": "25ms",
        "retryBudget": {"percent": 20.0, "minRetryConcurrency": 3},
    }
    assert retry.predicted.success_before == pytest.approx(1 - share)
    assert retry.predicted.success_after == pytest.approx(1 - share**2, abs=1e-6)
    assert retry.predicted.added_load == pytest.approx(share, rel=1e-6)
    assert retry.predicted.added_load_worst_hour == pytest.approx(0.01, rel=0.03)
    assert retry.evidence.dispersion == pytest.approx(1, abs=0.3)


def test_a_gap_of_two_days_changes_nothing_of_what_is_advised():
    some = np.where((np.arange(STEPS) < 300) | (np.arange(STEPS) >= 900), 3000.0, 0.0)
    retry = advise(week(lost(some, by_chance(some, 0.01))))
    assert retry.proposed["attempts"] == 1
    assert retry.predicted.added_load_worst_hour == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize("failed", [steps(500, 512, 3000.0), steps(500, 501, 1500.0)])
def test_failures_of_outages_alone_turn_retries_off(failed):
    retry = advise(week(lost(ROUND, failed)))
    assert retry.proposed == {"attempts": 0}
    assert retry.reasons[0] == "RETRIES_MULTIPLY_OUTAGES"
    assert retry.evidence.repeat_fraction == pytest.approx(1.0)
    assert retry.predicted.success_after == retry.predicted.success_before


def test_an_outage_of_a_service_with_one_request_a_step_is_an_outage():
    retry = advise(week(lost(flat(1), steps(300, 400, 1.0))))
    assert retry.proposed == {"attempts": 0}
    assert retry.reasons[0] == "RETRIES_MULTIPLY_OUTAGES"
    assert retry.evidence.repeat_fraction > 0.9


def test_a_client_that_never_comes_through_is_not_cured_by_retries():
    broken = lost(flat(30), flat(30), source="broken")
    retry = advise(week(lost(ROUND, 0.0), broken))
    assert retry.proposed == {"attempts": 0}
    assert retry.evidence.repeat_fraction == pytest.approx(1.0)
    assert retry.evidence.curable_fraction == 0.0


def test_beside_a_client_that_never_comes_through_the_failures_of_others_are_cured():
    failed = by_chance(ROUND, 0.008)
    broken = lost(flat(15), flat(15), source="broken")
    retry = advise(week(lost(ROUND, failed), broken))
    assert retry.proposed["attempts"] == 1
    assert retry.evidence.curable_fraction == pytest.approx(failed.sum() / (3015 * STEPS), rel=0.01)
    gain = retry.predicted.success_after - retry.predicted.success_before
    assert gain == pytest.approx(0.008 * 3000 / 3015, rel=0.05)


def test_failures_that_come_with_the_load_turn_retries_off():
    day = np.arange(STEPS) / 288 * 2 * np.pi
    load = np.round(1510 + 1500 * np.sin(day))
    failed = np.round(np.maximum(0, load / 2000 - 1) * 0.3 * load)
    retry = advise(week(lost(load, failed, UNAVAILABLE)))
    assert retry.proposed == {"attempts": 0}
    assert retry.reasons[0] == "RETRIES_FEED_OVERLOAD"
    assert advise(week(lost(load, by_chance(load, 0.005)))).proposed["attempts"] == 1


def test_requests_that_a_pool_refused_turn_retries_off_whatever_else_fails():
    ends = lost(ROUND, by_chance(ROUND, 0.01)).ends | {("503", "UO", ""): by_chance(ROUND, 5e-4)}
    retry = advise(week(Seen(ends=ends)))
    assert retry.proposed == {"attempts": 0}
    assert retry.reasons[0] == "RETRIES_FEED_OVERLOAD"
    assert retry.evidence.overload_fraction == pytest.approx(5e-4, rel=0.05)


def test_answers_503_are_retried_only_where_the_host_is_declared_idempotent():
    snapshot = week(lost(ROUND, by_chance(ROUND, 0.01), ("503", "-", "")))
    assert advise(snapshot).reason == "NOTHING_TO_CURE"
    retry = advise(snapshot, policy=IDEMPOTENT)
    assert retry.proposed["retryOn"] == (
        "connect-failure,refused-stream,unavailable,reset,gateway-error"
    )
    assert "RETRY_ON_WIDER" in retry.reasons


def test_an_error_of_the_servers_own_is_not_retried_even_then():
    snapshot = week(lost(ROUND, by_chance(ROUND, 0.01), ("500", "-", "")))
    assert advise(snapshot, policy=IDEMPOTENT).reason == "NOTHING_TO_CURE"


def test_failures_whose_retries_ran_out_say_that_what_was_cured_is_not_seen():
    snapshot = week(lost(ROUND, by_chance(ROUND, 0.0005), ("503", "UF,URX", "")))
    assert advise(snapshot).reason == "RETRIES_HIDE_FAILURES"


def test_what_retries_in_force_cure_is_told_by_the_servers():
    tries = by_chance(ROUND, 0.01)
    served = Seen(reporter="destination", ends={("200", "-", "0"): ROUND, UNAVAILABLE: tries})
    retry = advise(week(lost(ROUND, 0.0, UNAVAILABLE), served))
    assert retry.proposed["attempts"] == 1
    assert retry.evidence.curable_fraction == pytest.approx(0.01, rel=0.03)
    assert retry.evidence.amplification == pytest.approx(1.01, abs=0.001)


def test_the_backtest_learns_from_the_first_part_alone():
    late = np.where(np.arange(STEPS) >= 0.7 * STEPS, by_chance(ROUND, 0.01), 0.0)
    retry = advise(week(lost(ROUND, late, REFUSED)))
    assert retry.proposed["attempts"] == 1
    assert retry.backtest is None  # nothing was to be learned before
    always = advise(week(lost(ROUND, by_chance(ROUND, 0.01))))
    assert always.backtest.attempts == 1
    assert always.backtest.added_load == pytest.approx(0.01, rel=0.02)
    assert always.backtest.trained_on[1] == always.backtest.tested_on[0]


def test_where_the_wider_conditions_would_only_multiply_an_outage_the_safe_ones_stay():
    refused, broken = by_chance(ROUND, 0.01), steps(500, 524, 3000.0)
    good = ROUND - refused - broken
    ends = {("200", "-", ""): good, REFUSED: refused, ("503", "-", ""): broken}
    snapshot = week(Seen(ends={end: np.maximum(n, 0) for end, n in ends.items()}))
    plain, declared = advise(snapshot), advise(snapshot, policy=IDEMPOTENT)
    assert plain.proposed["attempts"] == 1
    assert declared.proposed == plain.proposed
    assert "RETRY_ON_SAFE_ONLY" in declared.reasons
    assert "RETRY_ON_SAFE_ONLY" not in plain.reasons
