"""A pool learned on the first part of a week, judged on the rest; and against known truth."""

from datetime import UTC, datetime

import pytest
from handmade import START, Call
from pool_samples import even, pods, proxies, steady

from observe.demo.policy_truth import policy_truth
from observe.demo.random_policy_mesh import random_policy_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.recommend.policy import Policy
from observe.recommend.pools import recommend_pools

ONE = {"proxies": proxies({0: (1, 1.0)}), "containers": pods({"cart": 1})}
START_OF_WEEK = datetime(2026, 3, 2, tzinfo=UTC)


def only(calls):
    (pool,), _ = recommend_pools(even(calls, **ONE), Policy(), None, {}, {})
    return pool


def test_a_steady_service_is_held_by_what_its_first_days_showed():
    pool = only([steady()])
    test = pool.backtest
    assert test.trained_on[0] == START
    assert test.trained_on[1] == test.tested_on[0]
    assert (test.trained_on[1] - test.trained_on[0]).total_seconds() == pytest.approx(
        0.7 * 7 * 86_400, abs=300
    )
    assert test.limit == pool.proposed["http2MaxRequests"]
    assert test.concurrency_p999_per_proxy == pool.evidence.concurrency_client
    assert test.fraction_shed < 1e-5


def test_a_service_that_grows_threefold_at_the_weekend_fails_its_test():
    more = Call(buckets=(0, 720_000, 0, 0, 0), hours=range(125, 168))
    pool = only([steady(), more])
    test = pool.backtest
    assert test.limit < 25
    assert test.concurrency_p999_per_proxy > test.limit
    assert test.fraction_shed > 0.05
    assert test.fraction_shed_interval[0] <= test.fraction_shed <= test.fraction_shed_interval[1]
    assert pool.confidence == "low"
    assert "POOL_BACKTEST_SHED" in pool.reasons
    # the proposal itself has seen the weekend
    assert pool.proposed["http2MaxRequests"] > test.concurrency_p999_per_proxy
    assert pool.predicted.fraction_shed < 1e-5


def test_the_predicted_share_refused_lies_in_its_interval():
    pool = only([steady(), steady(300.0, hours=[50])])
    low, high = pool.predicted_interval["fractionShed"]
    assert low <= pool.predicted.fraction_shed <= high
    low, high = pool.predicted_interval["concurrencyP999PerProxy"]
    assert low <= pool.predicted.concurrency_p999_per_proxy <= high


@pytest.mark.parametrize("seed", [21, 23])
def test_limits_learned_from_one_week_hold_in_the_next(seed):
    truth = random_policy_mesh(seed, 24).starting(START_OF_WEEK)
    snapshot = snapshot_from_truth(truth, seed, START_OF_WEEK)
    pools, withheld = recommend_pools(snapshot, Policy(), None, {}, {})
    assert len(pools) > len(withheld)
    limits = {}
    for pool in pools:
        true = policy_truth(truth, pool.target.path, week=1)
        limit = pool.proposed["http2MaxRequests"]
        inbound = pool.proposed.get("inboundConnectionPool", {}).get("http2MaxRequests", limit)
        assert limit >= true.client_concurrency
        assert inbound >= true.server_concurrency
        limits[pool.id] = limit / max(true.client_concurrency, true.server_concurrency)
    close = [ratio for ratio in limits.values() if ratio <= 4]
    assert len(close) >= 0.9 * len(limits), limits
