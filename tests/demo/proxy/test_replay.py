"""Hours of a week, run again request by request, show what the formulas say."""

from __future__ import annotations

import pytest

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant, lognormal
from observe.demo.policy_truth import retry_effect
from observe.demo.proxy import ProxyPolicy, run
from observe.demo.proxy.replay import scenario_at
from observe.demo.rhythm import Rhythm
from observe.demo.truth import Edge, Service, Truth, Workload

OUTAGE = FailureProcess(
    "outage", "503", "UF", 1.0, constant(2.0), active=((10.2, 0.3), (40.0, 0.1))
)
TARGET = "east/shop/api"


def _truth(*processes: FailureProcess) -> Truth:
    server = Workload("east", "shop", "api", 4)
    service = Service(
        server, lognormal(20, 0.3), Rhythm(night=0.5), processes=processes, jitter=0.0
    )
    web, batch = (Workload("east", "shop", n, 2, skew=1.0) for n in ("web", "batch"))
    return Truth((Edge(web, service, 75.0), Edge(batch, service, 25.0)))


def test_an_hour_keeps_its_rate_and_its_proxies() -> None:
    scenario, seconds = scenario_at(_truth(OUTAGE), TARGET, 15, 9_000)
    assert scenario.rps == pytest.approx(100, rel=0.01)
    assert seconds == pytest.approx(90, rel=0.01)
    assert scenario.shares == pytest.approx((0.5, 0.25, 1 / 6, 1 / 12))
    assert scenario.hosts == 4
    assert scenario.processes == ()


def test_spans_shrink_with_the_hour() -> None:
    scenario, seconds = scenario_at(_truth(OUTAGE), TARGET, 10, 9_000)
    ((first, lasts),) = scenario.processes[0].active
    assert first * 3600 / seconds == pytest.approx(0.2)
    assert lasts * 3600 / seconds == pytest.approx(0.3)


@pytest.mark.parametrize(
    "process",
    [
        FailureProcess("independent", "503", "UF", 0.05, constant(2.0)),
        FailureProcess("bad_host", "503", "UF", 0.8, constant(2.0), bad_hosts=1),
        OUTAGE,
    ],
    ids=["independent", "bad host", "outage"],
)
def test_the_worst_hour_run_again_has_the_load_of_the_formula(process: FailureProcess) -> None:
    truth, retries = _truth(process), Retries(1)
    effect = retry_effect(truth, TARGET, retries)
    scenario, seconds = scenario_at(truth, TARGET, effect.worst_hour, 20_000)
    found = run(scenario, ProxyPolicy(retries=retries, balancing="RANDOM"), seconds, 1)
    expected = effect.added_load_worst_hour
    assert found.added_load == pytest.approx(expected, abs=4 * (expected / 20_000) ** 0.5 + 0.003)
