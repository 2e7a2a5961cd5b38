"""The yardsticks of benchmarks/policies.py measure what they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from policies_outliers import false_ejections
from policies_pools import PoolCase
from policies_retries import judge_retries

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant
from observe.demo.policy_truth import policy_truth
from observe.demo.proxy import OutlierDetection, ProxyPolicy, Scenario, run
from observe.demo.rhythm import Rhythm
from observe.demo.simulate import snapshot_from_truth
from observe.demo.truth import Edge, Service, Truth, Workload
from observe.recommend.model import Advice

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TARGET = "east/shop/api"
BROKEN = FailureProcess("after_work", "503", "-", 0.2, constant(1.0))


def _truth(*processes: FailureProcess, attempts: int = 0, rps: float = 1.0) -> Truth:
    service = Service(
        Workload("east", "shop", "api", 4),
        constant(1.0),
        Rhythm(night=1.0, weekend=1.0),
        processes=processes,
        retries=Retries(attempts),
    )
    return Truth((Edge(Workload("east", "shop", "web", 2), service, rps),))


def test_false_ejections_by_formula_are_those_that_the_proxies_make() -> None:
    rules = OutlierDetection(consecutive_5xx=4, base_ejection_s=0.0, max_ejection_percent=100)
    weekly = false_ejections(_truth(BROKEN), TARGET, rules, None)
    # 604,800 tries; 0.8 * 0.2^4 / (1 - 0.2^4) a try
    assert weekly == pytest.approx(604_800 * 0.8 * 0.0016 / 0.9984)
    # base 0 s: back at the next sweep, so that hosts are in use nearly all of the time
    scenario = Scenario(constant(1.0), 100, 4, (0.5, 0.5), (BROKEN,))
    quick = OutlierDetection(4, 0, 0.05, 0.0, 100)
    found = run(scenario, ProxyPolicy(outliers=quick, balancing="RANDOM"), 1_000, 1)
    expected = 100_000 * 0.8 * 0.0016 / 0.9984
    assert found.ejections_failing == 0
    assert found.ejections_healthy == pytest.approx(expected, abs=5 * expected**0.5)


def test_outages_and_refusals_of_the_client_are_no_false_ejections() -> None:
    rules = OutlierDetection(consecutive_5xx=3)
    outage = FailureProcess("outage", "503", "-", 1.0, constant(1.0), active=((5.0, 1.0),))
    refused = FailureProcess("overload", "503", "UO", 0.9, constant(1.0), knee=0.5)
    down = FailureProcess("overload", "503", "-", 0.9, constant(1.0), knee=0.5)
    for process in (outage, refused, down):
        assert false_ejections(_truth(process), TARGET, rules, None) == 0.0
    # gRPC's internal is 500: no gateway error
    internal = FailureProcess("after_work", "200", "-", 0.1, constant(1.0), grpc_status="13")
    gateway = OutlierDetection(consecutive_5xx=0, consecutive_gateway=3)
    assert false_ejections(_truth(internal), TARGET, gateway, None) == 0.0
    assert false_ejections(_truth(internal), TARGET, rules, None) > 500


def test_a_pool_is_held_against_the_side_that_it_serves() -> None:
    one = PoolCase("t", "healthy", limit=40, inbound=40, client=10, server=20)
    assert (one.ratio, one.too_small) == (2.0, False)
    two = PoolCase("t", "healthy", limit=40, inbound=15, client=10, server=20)
    assert (two.ratio, two.too_small) == (4.0, True)


@pytest.mark.parametrize(("attempts", "due"), [(0, True), (2, False)])
def test_what_retries_cure_out_of_sight_is_not_due(attempts: int, due: bool) -> None:
    refused = FailureProcess("independent", "503", "UF", 0.01, constant(1.0))
    truth = _truth(refused, attempts=attempts)
    source = snapshot_from_truth(truth, 1, MONDAY, days=1).manifest
    advice = Advice(generated_at=MONDAY, window=source.window, source=source.source)
    (case,) = judge_retries(truth, advice, {TARGET: policy_truth(truth, TARGET)})
    assert (case.verdict, case.due, case.attempts) == ("curable", due, None)
