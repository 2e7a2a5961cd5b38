import host_weeks
import numpy as np
import pytest
import retry_weeks
from handmade import START, Call, snapshot
from reports import HOURS
from reports_kinds import outlier, pool, pool_evidence, retry, retry_evidence

from observe.recommend.pool_model import PoolClient
from observe.report.week_series import WeekSeries
from observe.signals.latency import latency_by_target

OK = (100, 800, 95, 4, 1)
DAY = START.timestamp() / 86_400


def hours(first, last):
    """A span in days since 1970, to the second."""
    return pytest.approx((DAY + first / 24, DAY + last / 24), rel=0, abs=1e-5)


def failures(telemetry, **evidence):
    made = retry(evidence=retry_evidence(**evidence))
    return WeekSeries(telemetry).failures(made, 0.9, repeatable=False)


def in_steps(first, last, share, total=1_000.0):
    failed = np.zeros(retry_weeks.STEPS)
    failed[first:last] = share * total
    return retry_weeks.lost(retry_weeks.flat(total), failed)


def test_failures_are_shares_of_the_requests_of_each_hour():
    week = failures(retry_weeks.week(in_steps(600, 612, 0.25)))
    assert week.curable.shape == week.others.shape == (HOURS,)
    assert week.curable[50] == pytest.approx(0.25)
    assert np.delete(week.curable, 50).max() == 0
    assert week.others.max() == 0
    assert week.hours.edges[0] == DAY
    assert week.hours.edges[-1] == pytest.approx(DAY + 7)


def test_an_outage_and_hosts_that_fail_are_marked_where_they_were():
    outage = failures(retry_weeks.week(in_steps(600, 624, 0.9)))
    assert outage.outages == (hours(50, 52),)
    assert outage.failing_hosts == ()
    hosts = failures(retry_weeks.week(in_steps(600, 624, 0.3)), hosts=3)
    assert hosts.failing_hosts == (hours(50, 52),)
    assert hosts.outages == ()


def test_other_failures_stand_apart():
    failed = np.zeros(retry_weeks.STEPS)
    failed[36:48] = 200.0
    part = retry_weeks.lost(retry_weeks.flat(1_000), failed, end=("500", "-", ""))
    week = failures(retry_weeks.week(part))
    assert week.others[3] == pytest.approx(0.2)
    assert np.delete(week.others, 3).max() == 0
    assert week.curable.max() == 0


def test_nobody_who_reports_gives_no_series():
    weeks = WeekSeries(snapshot([Call("web", "search", OK)], hours=24))
    assert weeks.failures(retry(), 0.9, repeatable=False) is None
    assert weeks.load(pool()) is None
    assert weeks.hosts(outlier()) is None


def from_client(workload):
    client = PoolClient(
        workload=workload, namespace="shop", proxies=1.0, busiest_rps=1.0, concurrency=1.0
    )
    return pool(evidence=pool_evidence(clients=(client,)))


def test_the_load_is_that_of_the_client_that_decides():
    calls = [Call("web", "cart", OK), Call("batch", "cart", (0, 0, 0, 0, 300))]
    weeks = WeekSeries(snapshot(calls, hours=24))
    web, batch = weeks.load(from_client("web")), weeks.load(from_client("batch"))
    # the requests of an hour come in one step of five minutes; middles of the buckets as durations
    seconds = np.dot(OK, [0.005, 0.055, 0.55, 5.5, 20.0])
    assert web.client == pytest.approx(np.full(24, seconds / 300))
    assert batch.client == pytest.approx(np.full(24, 300 * 20.0 / 300))
    assert web.highest == pytest.approx(batch.highest)  # the server has both
    assert weeks.load(from_client("stranger")) is None


def test_incidents_are_marked_when_latency_is_known():
    slow = Call("web", "cart", (0, 0, 0, 0, 9_000), code="503", hours=[60, 61])
    telemetry = snapshot([Call("web", "cart", OK), slow], hours=HOURS)
    cubes = latency_by_target(telemetry)
    week = WeekSeries(telemetry, cubes).load(from_client("web"))
    assert week.incidents == (hours(60, 62),)
    assert WeekSeries(telemetry).load(from_client("web")).incidents == ()


def test_a_host_that_failed_alone_stands_beside_the_others():
    spans = ((1, slice(600, 636), 0.9), (2, slice(1200, 1206), 0.9))
    week = WeekSeries(host_weeks.week(host_weeks.Service(bad=spans))).hosts(outlier())
    assert [name for name, _ in week.failing] == ["10.0.0.1:15020", "10.0.0.2:15020"]
    shares = week.failing[0][1]
    assert shares[50:53] == pytest.approx([0.9] * 3, abs=0.02)
    assert np.delete(shares, [50, 51, 52]).max() < 0.01
    assert week.others.max() < 0.01
    assert week.episodes == (
        hours(50, 53),
        hours(100, 100.5),
    )


def test_hosts_that_never_failed_alone_are_not_drawn():
    weeks = WeekSeries(host_weeks.week(host_weeks.Service(hours=48)))
    assert weeks.hosts(outlier()) is None
