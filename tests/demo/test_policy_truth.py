"""Truths about retries and concurrency agree with samples and with formulas known by heart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant
from observe.demo.policy_truth import PolicyTruth, concurrency_p999, policy_truth, retry_effect
from observe.demo.rhythm import Rhythm
from observe.demo.stream import SERVER_SHARE
from observe.demo.truth import Edge, Service, Truth, Workload

FLAT = Rhythm(night=1.0, weekend=1.0)
FAST = constant(2.0)
REFUSED = FailureProcess("independent", "503", "UF", 0.1, FAST)
OUTAGE = FailureProcess("outage", "503", "UF", 1.0, FAST, active=((10.0, 0.5),))
TARGET = "east/shop/api"


def _truth(*processes: FailureProcess, replicas: int = 4, clients: int = 1) -> Truth:
    server = Workload("east", "shop", "api", replicas)
    options = {"saturation": 0.0, "jitter": 0.0}
    service = Service(server, constant(100.0), FLAT, processes=processes, **options)  # type: ignore[arg-type]
    client = Workload("east", "shop", "web", clients)
    return Truth((Edge(client, service, 200.0),))


def _verdict(*processes: FailureProcess) -> str:
    return policy_truth(_truth(*processes), TARGET).verdict


def test_concurrency_of_a_constant_rate_is_the_poisson_quantile() -> None:
    assert concurrency_p999(np.full(100, 20.0)) == stats.poisson.ppf(0.999, 20.0)


def test_concurrency_follows_littles_law_per_proxy_and_per_host() -> None:
    found = policy_truth(_truth(clients=2), TARGET)
    assert found.client_concurrency == stats.poisson.ppf(0.999, 200 * 0.1 / 2)
    assert found.server_concurrency == stats.poisson.ppf(0.999, 200 * 0.1 * SERVER_SHARE / 4)


def test_verdicts_follow_from_the_processes() -> None:
    assert _verdict(REFUSED) == "curable"
    assert _verdict(REFUSED, OUTAGE) == "mixed"
    assert _verdict(OUTAGE) == "outage"
    assert _verdict() == "healthy"
    assert _verdict(FailureProcess("overload", "503", "UO", 0.3, FAST)) == "overload"
    assert _verdict(FailureProcess("poison", "500", "-", 0.01, FAST)) == "poison"
    assert _verdict(FailureProcess("after_work", "500", "-", 0.01, FAST)) == "after_work"
    answers = FailureProcess("bad_host", "503", "-", 1.0, FAST, bad_hosts=1)
    assert _verdict(answers) == "bad_host"


def test_a_retry_of_independent_failures_adds_their_share() -> None:
    effect = retry_effect(_truth(REFUSED), TARGET, Retries(1))
    assert effect.success == pytest.approx(0.99)
    assert effect.added_load == pytest.approx(0.1)
    assert effect.added_load_worst_hour == pytest.approx(0.1)


def test_an_outage_of_half_an_hour_doubles_half_of_its_hour() -> None:
    effect = retry_effect(_truth(OUTAGE), TARGET, Retries(1))
    assert effect.added_load_worst_hour == pytest.approx(0.5)
    assert effect.worst_hour == 10
    assert effect.success == pytest.approx(1 - 0.5 / 168)


def test_curable_failures_and_base_errors_are_counted() -> None:
    broken = FailureProcess("after_work", "500", "-", 0.2, FAST)
    found = policy_truth(_truth(REFUSED, broken), TARGET)
    assert found.curable_failures == pytest.approx(0.1 * 200 * 604_800)
    assert found.base_error_fraction == pytest.approx(0.1 + 0.9 * 0.2)
    assert isinstance(found, PolicyTruth)
