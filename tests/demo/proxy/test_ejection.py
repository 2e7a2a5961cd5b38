"""When hosts are taken out, for how long, and how many."""

from __future__ import annotations

from observe.demo.proxy.ejection import Ejections
from observe.demo.proxy.scenario import OutlierDetection

RULES = OutlierDetection(consecutive_5xx=3, base_ejection_s=30, max_ejection_percent=50)


def _fail(hosts: Ejections, host: int, now: float, times: int = 3) -> bool:
    return [hosts.saw(host, 503, now) for _ in range(times)][-1]


def test_a_success_in_between_starts_the_count_again() -> None:
    hosts = Ejections(RULES, 4)
    assert not _fail(hosts, 0, 1.0, 2)
    assert not hosts.saw(0, 200, 1.0)
    assert not _fail(hosts, 0, 1.0, 2)
    assert hosts.saw(0, 500, 1.0)
    assert hosts.usable() == [1, 2, 3]


def test_each_ejection_lasts_longer_than_the_one_before() -> None:
    hosts = Ejections(RULES, 4)
    assert _fail(hosts, 0, 0.0)
    hosts.sweep(20.0)
    assert 0 not in hosts.usable()
    hosts.sweep(30.0)
    assert 0 in hosts.usable()
    assert _fail(hosts, 0, 31.0)
    hosts.sweep(80.0)
    assert 0 not in hosts.usable()
    hosts.sweep(91.0)
    assert 0 in hosts.usable()


def test_a_host_that_stays_healthy_is_forgiven() -> None:
    hosts = Ejections(RULES, 4)
    _fail(hosts, 0, 0.0)
    hosts.sweep(30.0)
    hosts.sweep(40.0)  # healthy for an interval
    _fail(hosts, 0, 41.0)
    hosts.sweep(71.0)
    assert 0 in hosts.usable()


def test_no_ejection_lasts_longer_than_five_minutes() -> None:
    hosts = Ejections(RULES, 4)
    now = 0.0
    for _ in range(15):
        _fail(hosts, 0, now)
        now += 300.0
        hosts.sweep(now)
        assert 0 in hosts.usable()


def test_the_percent_counts_the_host_in_question() -> None:
    hosts = Ejections(RULES, 4)
    assert _fail(hosts, 0, 0.0)
    assert _fail(hosts, 1, 0.0)
    assert not _fail(hosts, 2, 0.0)
    assert hosts.overflows == 1
    assert hosts.usable() == [2, 3]


def test_gateway_errors_are_counted_apart() -> None:
    hosts = Ejections(OutlierDetection(consecutive_5xx=0, consecutive_gateway=2), 10)
    assert not hosts.saw(0, 500, 0.0)
    assert not hosts.saw(0, 500, 0.0)
    assert not hosts.saw(0, 503, 0.0)
    assert hosts.saw(0, 504, 0.0)


def test_too_few_healthy_hosts_bring_all_of_them_back() -> None:
    rules = OutlierDetection(consecutive_5xx=1, max_ejection_percent=100, min_health_percent=50)
    hosts = Ejections(rules, 4)
    for host in (0, 1):
        hosts.saw(host, 503, 0.0)
    assert hosts.usable() == [2, 3]
    hosts.saw(2, 503, 0.0)
    assert hosts.usable() == [0, 1, 2, 3]
