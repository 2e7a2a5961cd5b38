"""The proxies do what Envoy 1.40 was measured to do: 300 requests a second for 10 s.

Measured shares carry binomial noise themselves, so each tolerance is about four standard errors of
the difference of two samples of 3,000. Requests took 20 ms in the median (lognormal, sigma 0.5)
plus 1 ms of network and proxy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant, lognormal, mix
from observe.demo.proxy import Limits, OutlierDetection, ProxyPolicy, Result, Scenario, run
from observe.demo.proxy.chance import sample

USUAL = lognormal(20, 0.5)
HANGING = mix((0.98, USUAL), (0.02, constant(1e7)))
CALM = Scenario(USUAL, 300, overhead_ms=1.0)
PLAIN = ProxyPolicy(balancing="ROUND_ROBIN")
TWICE = Retries(2, frozenset({"5xx"}))


def _answering_503(chance: float) -> Scenario:
    return replace(CALM, processes=(FailureProcess("independent", "503", "-", chance, USUAL),))


ONE_BAD = replace(
    CALM,
    hosts=3,
    processes=(FailureProcess("bad_host", "503", "-", 1.0, USUAL, bad_hosts=1),),
)


def _run(scenario: Scenario, **policy: object) -> Result:
    return run(scenario, replace(PLAIN, **policy), 10, seed=1)  # type: ignore[arg-type]


def test_the_same_seed_is_the_same_run() -> None:
    policy = replace(PLAIN, retries=TWICE)
    assert run(_answering_503(0.2), policy, 2, 3) == run(_answering_503(0.2), policy, 2, 3)
    assert run(_answering_503(0.2), policy, 2, 3) != run(_answering_503(0.2), policy, 2, 4)


def test_a_timeout_cuts_the_tail() -> None:
    found = _run(CALM, timeout_ms=40)
    assert found.timeouts / found.requests == pytest.approx(0.092, abs=0.03)
    assert found.requests - found.successes == found.timeouts
    assert found.p99_ms == pytest.approx(40, abs=0.01)


def test_what_hangs_ends_with_the_timeout() -> None:
    found = _run(replace(CALM, latency=HANGING), timeout_ms=250)
    assert found.failed_fraction == pytest.approx(0.02, abs=0.013)
    assert found.p99_ms == pytest.approx(250, abs=0.01)


def test_two_retries_leave_the_cube() -> None:
    assert _run(_answering_503(0.2)).failed_fraction == pytest.approx(0.2, abs=0.04)
    found = _run(_answering_503(0.2), retries=TWICE)
    assert found.failed_fraction == pytest.approx(0.008, abs=0.009)
    assert found.tries / found.requests == pytest.approx(1.24, abs=0.03)


def test_envoys_own_limit_of_three_retries_refuses_many() -> None:
    found = _run(_answering_503(0.2), retries=TWICE, max_retries=3)
    assert found.failed_fraction == pytest.approx(0.063, abs=0.025)
    assert found.tries / found.requests == pytest.approx(1.16, abs=0.03)
    assert found.retry_overflows == pytest.approx(175, abs=60)


def test_an_outage_is_tripled_and_a_budget_bounds_it() -> None:
    assert _run(_answering_503(1.0), retries=TWICE).tries == 3 * _run(_answering_503(1.0)).tries
    found = _run(_answering_503(1.0), retries=TWICE, budget_percent=20.0)
    assert found.tries / found.requests == pytest.approx(1.23, abs=0.06)
    assert found.retry_overflows == pytest.approx(2661, abs=150)


def test_per_try_timeouts_cure_slow_tries() -> None:
    found = _run(CALM, retries=TWICE, per_try_timeout_ms=40)
    assert found.requests - found.successes <= 5
    assert found.try_timeouts == pytest.approx(302, abs=90)
    assert found.timeouts == 0
    hanging = _run(replace(CALM, latency=HANGING), retries=TWICE, per_try_timeout_ms=150)
    assert hanging.requests == hanging.successes
    assert hanging.p99_ms == pytest.approx(184, abs=15)


def test_a_per_try_timeout_above_the_timeout_is_ignored() -> None:
    found = _run(CALM, retries=TWICE, per_try_timeout_ms=40, timeout_ms=40)
    assert found.try_timeouts == 0
    assert found.timeouts > 0


def test_a_route_timeout_holds_all_tries() -> None:
    found = _run(_answering_503(1.0), retries=TWICE, timeout_ms=30)
    assert found.p99_ms <= 30.001
    assert 1.0 < found.tries / found.requests < 1.6


def test_pools_that_are_too_small_refuse_what_little_says() -> None:
    five = _run(CALM, pool=Limits(max_connections=5, max_pending=1))
    # Envoy refused 3 points more: a connection that is being opened counts as waiting there
    assert five.overflows / five.requests == pytest.approx(0.39, abs=0.05)
    assert five.tries == five.successes == five.requests - five.overflows
    assert five.concurrency_max == (5,)
    twenty = _run(CALM, pool=Limits(max_connections=20, max_pending=1))
    assert twenty.overflows / twenty.requests == pytest.approx(0.002, abs=0.004)


def test_a_limit_of_requests_is_erlangs_loss() -> None:
    found = _run(CALM, pool=Limits(max_requests=5), http2=True)
    assert found.overflows / found.requests == pytest.approx(0.43, abs=0.05)


def test_what_waits_in_a_pool_is_late_and_not_lost() -> None:
    found = _run(replace(CALM, rps=200), pool=Limits(max_connections=6))
    assert found.failed_fraction == 0.0
    assert found.p50_ms > _run(replace(CALM, rps=200)).p50_ms + 2


def test_the_pool_of_a_hosts_proxy_sheds_too() -> None:
    found = _run(CALM, inbound=Limits(max_requests=5), http2=True)
    assert found.shed / found.requests == pytest.approx(0.43, abs=0.05)
    assert found.overflows == 0


def test_requests_under_way_are_poisson_around_littles_mean() -> None:
    found = run(replace(CALM, rps=600, shares=(0.5, 0.5)), PLAIN, 60, 1)
    mean = 300 * 0.001 * (1 + 20 * np.exp(0.5**2 / 2))
    expected = stats.poisson.ppf(0.999, mean)
    assert found.concurrency_p999 == pytest.approx((expected, expected), abs=2)


def test_one_bad_host_of_three_is_ejected_after_five_errors() -> None:
    assert _run(ONE_BAD).failed_fraction == pytest.approx(0.333, abs=0.04)
    found = _run(ONE_BAD, outliers=OutlierDetection(max_ejection_percent=50))
    assert found.ejections_failing == 1
    assert found.ejections_healthy == 0
    assert 5 <= found.requests - found.successes <= 12


def test_istios_default_percent_ejects_nobody_of_three() -> None:
    found = _run(ONE_BAD, outliers=OutlierDetection())
    assert found.ejections_failing == 0
    assert found.failed_fraction == pytest.approx(0.333, abs=0.04)
    assert found.ejection_overflows == pytest.approx(156, abs=60)
    forced = _run(ONE_BAD, outliers=OutlierDetection(always_eject_one=True))
    assert 5 <= forced.requests - forced.successes <= 12
    # a third is 33.3 %: 33 is not enough, 34 is
    assert _run(ONE_BAD, outliers=OutlierDetection(max_ejection_percent=33)).ejections_failing == 0
    assert _run(ONE_BAD, outliers=OutlierDetection(max_ejection_percent=34)).ejections_failing == 1


def test_a_single_host_that_is_ejected_is_used_in_a_panic_or_not_at_all() -> None:
    rules = OutlierDetection(max_ejection_percent=100, min_health_percent=50)
    panicking = _run(_answering_503(1.0), outliers=rules)
    assert panicking.ejections_healthy == 1
    assert panicking.tries == panicking.requests
    without = _run(_answering_503(1.0), outliers=replace(rules, min_health_percent=0))
    assert without.tries < 20


def test_retries_avoid_the_bad_host() -> None:
    found = run(ONE_BAD, ProxyPolicy(retries=Retries(1, TWICE.retry_on)), 10, 1)
    assert found.failed_fraction < 0.005
    assert run(ONE_BAD, ProxyPolicy(), 10, 1).failed_fraction > 0.25


def test_every_try_is_accounted_for() -> None:
    policy = ProxyPolicy(
        retries=TWICE,
        budget_percent=20,
        timeout_ms=60,
        pool=Limits(max_connections=12, max_pending=2),
        outliers=OutlierDetection(max_ejection_percent=50),
    )
    found = run(replace(ONE_BAD, shares=(0.7, 0.3)), policy, 10, 1)
    ended = found.requests - found.successes
    assert 0 < ended < found.requests
    assert found.tries <= found.requests + found.retries
    assert max(found.concurrency_max) <= 12


def test_samples_follow_their_mixture() -> None:
    mixture = mix((0.7, lognormal(20, 0.5)), (0.3, constant(100).shifted(5)))
    drawn = sample(mixture, np.random.default_rng(1), 20_000)
    for point in (15.0, 30.0, 104.0, 105.5):
        share = float(mixture.cdf(np.array([point]))[0])
        assert np.mean(drawn <= point) == pytest.approx(share, abs=0.015)
