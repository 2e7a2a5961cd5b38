"""What a proxy needs: peaks, incidents, growth; and what a limit would have refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_limits import estimate_pool, round_up
from observe.recommend.pool_need import Steps, need_of, share_shed
from observe.signals.concurrency import Load, TargetLoad
from observe.signals.proxy_share import Share
from observe.target import Target

WEEK = 2016
POLICY = PoolPolicy()
EVERY = Steps.all_of(WEEK)


def load(requests, mean_ms=100.0, share=1.0, fewest=1):
    requests = np.asarray(requests, dtype=float)
    steps = requests.size
    return Load(
        ("east", "shop", "web"),
        requests,
        np.broadcast_to(np.asarray(mean_ms, dtype=float), steps).copy(),
        Share(np.full(steps, share), fewest, float(fewest), "reported"),
        300,
    )


def target(*clients, server=None, protocols=("http",)):
    return TargetLoad(
        target=Target(cluster="east", namespace="shop", service="cart"),
        times=np.arange(clients[0].requests.size).astype("datetime64[s]"),
        clients=clients,
        server=server,
        requests=sum(float(c.requests.sum()) for c in clients),
        refused=0.0,
        protocols=frozenset(protocols),
    )


def apart(first, last):
    """All steps, some of them an incident."""
    incident = np.zeros(WEEK, dtype=bool)
    incident[first:last] = True
    return Steps(~incident, incident)


def of_rate(rate):
    """Requests of a step at this rate."""
    return 300.0 * np.asarray(rate, dtype=float)


def test_the_busiest_day_of_the_week_decides_however_quiet_the_others_are():
    rate = np.full(WEEK, 20.0)
    rate[100:136] = 200.0  # three hours of Monday
    need = need_of(load(of_rate(rate)), POLICY, EVERY)
    assert need.mean == pytest.approx(20.0)
    assert need.number == poisson.ppf(0.999, 20.0)
    assert need.rps == pytest.approx(200.0)


def test_an_hour_of_slow_answers_counts_like_an_hour_of_more_requests():
    slow = np.full(WEEK, 100.0)
    slow[100:124] = 1000.0
    need = need_of(load(of_rate(np.full(WEEK, 20.0)), slow), POLICY, EVERY)
    assert need.number == poisson.ppf(0.999, 20.0)


def test_incidents_are_left_out_of_the_need_and_told_beside_it():
    slow = np.full(WEEK, 100.0)
    slow[100:124] = 300.0
    steps = apart(100, 124)
    need = need_of(load(of_rate(np.full(WEEK, 100.0)), slow), POLICY, steps)
    assert need.number == poisson.ppf(0.999, 10.0) == 21
    assert need.in_incidents == poisson.ppf(0.999, 30.0) == 48


@pytest.mark.parametrize(("factor", "expected"), [(1.2, 32), (3.0, 48), (40.0, 84)])
def test_an_incident_is_let_through_up_to_four_times_the_need(factor, expected):
    slow = np.full(WEEK, 100.0)
    slow[100:124] *= factor
    steps = apart(100, 124)
    one = load(of_rate(np.full(WEEK, 100.0)), slow)
    estimate = estimate_pool(target(one), POLICY, steps, 1.0, None)
    assert estimate.client.number == 21
    assert estimate.requests == pytest.approx(expected, abs=1)


def test_growth_from_week_to_week_is_allowed_for_again():
    rate = np.repeat([100.0, 120.0], WEEK)
    both = Steps.all_of(2 * WEEK)
    need = need_of(load(of_rate(rate)), POLICY, both)
    assert need.growth == pytest.approx(1.2)
    assert need.number == poisson.ppf(0.999, 14.4)
    falling = need_of(load(of_rate(rate[::-1])), POLICY, both)
    assert falling.growth == 1.0
    assert falling.number == poisson.ppf(0.999, 12.0)
    doubled = need_of(load(of_rate(np.repeat([10.0, 90.0], WEEK))), POLICY, both)
    assert doubled.growth == 2.0


def test_chance_in_the_counts_widens_the_interval():
    rng = np.random.default_rng(1)
    few = need_of(load(rng.poisson(30.0, WEEK), 300_000.0), POLICY, EVERY)
    many = need_of(load(rng.poisson(30_000.0, WEEK), 30.0), POLICY, EVERY)
    assert few.error > 3 * many.error
    assert few.low < few.number < few.high


def test_durations_that_jump_from_hour_to_hour_widen_the_interval():
    rng = np.random.default_rng(2)
    jumping = np.repeat(100.0 * np.exp(0.2 * rng.standard_normal(168)), 12)
    need = need_of(load(of_rate(np.full(WEEK, 100.0)), jumping), POLICY, EVERY)
    assert need.error == pytest.approx(0.2, rel=0.3)
    # a slow climb over the day is no doubt: tomorrow has it, too
    daily = 100.0 + 50.0 * np.cos(np.repeat(np.arange(168), 12) * np.pi / 12)
    calm = need_of(load(of_rate(np.full(WEEK, 100.0)), daily), POLICY, EVERY)
    assert calm.error < 0.05


def test_a_client_sends_a_whole_batch_and_a_server_gets_its_share_of_it():
    rng = np.random.default_rng(3)
    batches = 8.0 * rng.poisson(500.0, WEEK)
    client = need_of(load(batches, share=0.25), POLICY, EVERY)
    server = need_of(load(batches, share=0.25), POLICY, EVERY, spread=True)
    assert client.how.batch == pytest.approx(8.0, rel=0.2)
    assert server.how.batch == pytest.approx(1 + 7 / 4, rel=0.2)
    assert client.number > server.number


def test_nothing_under_way_is_no_need():
    assert need_of(load(np.zeros(WEEK)), POLICY, EVERY) is None
    assert need_of(load(of_rate(np.full(WEEK, 10.0)), np.nan), POLICY, EVERY) is None
    assert estimate_pool(target(load(np.zeros(WEEK))), POLICY, EVERY, 1.0, None) is None


def test_a_limit_refuses_the_share_of_requests_that_find_it_full():
    need = need_of(load(of_rate(np.full(WEEK, 100.0))), POLICY, EVERY)
    for limit in (10, 15, 21):
        expected = poisson.sf(limit - 1, 10.0)
        assert share_shed(need, limit, EVERY.normal, 1.0) == pytest.approx(expected)
    assert share_shed(need, 15, EVERY.normal, 1.5) == pytest.approx(poisson.sf(14, 15.0))
    assert share_shed(need, 15, EVERY.incident, 1.0) == 0.0
    assert share_shed(need, 1000, EVERY.normal, 1.0) == 0.0


def test_limits_have_two_significant_digits():
    assert [round_up(n) for n in (1, 9.2, 21, 99.5, 101, 137, 1001, 8_350)] == [
        *(1, 10, 21, 100, 110, 140, 1100, 8400)
    ]


def test_a_server_of_unknown_number_does_not_widen_the_connections():
    one = load(of_rate(np.full(WEEK, 100.0)))
    estimate = estimate_pool(target(one), POLICY, EVERY, 1.0, None)
    assert estimate.connections == estimate.requests


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.1, 2_000),
    st.floats(1, 5_000),
    st.integers(1, 20),
    st.floats(1, 2),
    st.floats(0, 500),
)
def test_no_limit_is_below_the_need_or_the_policys_smallest(rate, mean_ms, proxies, tries, gauge):
    one = load(of_rate(np.full(288, rate)), mean_ms, 1 / proxies, proxies)
    estimate = estimate_pool(target(one, server=one), POLICY, Steps.all_of(288), tries, gauge)
    need = estimate.neediest
    assert estimate.requests >= POLICY.least_limit
    assert estimate.requests >= tries * (need.number + np.sqrt(need.number)) - 1e-9
    assert estimate.connections >= estimate.requests == estimate.pending
    assert estimate.inbound is None or need.low <= estimate.inbound <= estimate.requests / 4
    most = max(POLICY.headroom, proxies / max(1, proxies - 1)) * tries * need.high
    ceiling = max(most, POLICY.loose_factor * POLICY.headroom * estimate.client.high, 8)
    assert estimate.requests <= 1.1 * (ceiling + np.sqrt(ceiling)) + 1
