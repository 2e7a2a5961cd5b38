"""The formulas against proxies that are simulated request by request."""

import pytest

from observe.demo.failing import FailureProcess
from observe.demo.mixture import Component, Mixture
from observe.demo.proxy import OutlierDetection, ProxyPolicy, Scenario, run
from observe.recommend.outlier_effect import Settings, errors_avoided
from observe.signals.host_episodes import Episode
from observe.stats.runs import mean_wait

QUICK = Mixture((Component("lognormal", 2.0, 0.3, 1.0),))


def _failing(nature, chance: float, **more) -> FailureProcess:
    return FailureProcess(nature, "503", "-", chance, QUICK, **more)


def test_healthy_hosts_are_ejected_as_often_as_the_mean_wait_says():
    calls = Scenario(QUICK, rps=200.0, hosts=4, shares=(0.7, 0.3))
    scenario = Scenario(calls.latency, calls.rps, 4, (0.7, 0.3), (_failing("independent", 0.2),))
    rules = OutlierDetection(4, base_ejection_s=0.001, interval_s=0.01, max_ejection_percent=50)
    found = run(scenario, ProxyPolicy(outliers=rules, balancing="RANDOM"), 300, seed=3)
    expected = found.tries / float(mean_wait(4, 0.2))
    assert found.ejections_failing == 0
    assert found.ejections_healthy == pytest.approx(expected, rel=0.25)


def test_errors_of_a_dead_host_are_avoided_as_predicted():
    dead = _failing("bad_host", 1.0, bad_hosts=1)
    scenario = Scenario(QUICK, rps=60.0, hosts=3, shares=(0.5, 0.5), processes=(dead,))
    rules = OutlierDetection(5, max_ejection_percent=34, min_health_percent=66)
    found = run(scenario, ProxyPolicy(outliers=rules, balancing="RANDOM"), 600, seed=4)
    episode = Episode("a", 0, 2, 20.0 * 600, 20.0 * 600, 20.0 * 600)
    predicted = errors_avoided((episode,), Settings(5, 0), 300, proxies=2)
    assert predicted is not None
    assert found.ejections_healthy == 0
    assert 1 - (found.requests - found.successes) / episode.errors == pytest.approx(
        predicted[0], abs=0.005
    )
