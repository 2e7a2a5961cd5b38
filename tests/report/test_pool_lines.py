import pytest
from reports_kinds import pool, pool_backtest, pool_evidence

from observe.recommend.policy import Policy
from observe.recommend.pool_model import Knee, PoolPredicted
from observe.report.pool_lines import limits_text, pool_lines


def lines(**changes):
    return pool_lines(pool(**changes), Policy())


def facts(items):
    return {fact.name: fact.value for fact in items}


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({}, "none"),
        ({"source": "shop/cart.yaml:3"}, "none"),
        ({"http2MaxRequests": 1_024}, "1,024 requests"),
        ({"maxConnections": 1}, "1 connection"),
        ({"http2MaxRequests": 9, "maxConnections": 12}, "9 requests, 12 connections"),
        ({"http2MaxRequests": 9, "maxConnections": 9}, "9 requests"),
        ({"http1MaxPendingRequests": 7}, "7 pending requests"),
    ],
)
def test_limits_are_told_exactly_and_once(limits, text):
    assert limits_text(limits) == text


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, "raise the limit from 20 requests to 270 requests at a time"),
        (
            {"current": {"http2MaxRequests": 5_000}},
            "lower the limit from 5,000 requests to 270 requests at a time",
        ),
        ({"current": {}}, "raise the limit of each proxy to 270 requests at a time"),
        (
            {"current": {}, "evidence": pool_evidence(overflows=0.0)},
            "limit each proxy to 270 requests at a time",
        ),
        (
            {"severity": "ok", "current": {"http2MaxRequests": 300}},
            "keep the limit of 300 requests",
        ),
    ],
)
def test_the_action_says_which_way_the_limit_goes(changes, action):
    assert lines(**changes).action == action


def test_the_effect_sets_what_is_refused_against_today():
    assert lines().effect == (
        "refuses no request that was seen, instead of 3 % today; the peak is 168 at a time per "
        "client proxy"
    )
    some = PoolPredicted(concurrency_p999_per_proxy=168.0, fraction_shed=0.00002)
    assert lines(predicted=some).effect.startswith("refuses 0.002 % of requests, instead of")
    few = PoolPredicted(concurrency_p999_per_proxy=168.0, fraction_shed=1e-9)
    text = lines(predicted=few, evidence=pool_evidence(overflows=0.0)).effect
    assert text.startswith("refuses less than one request in a million; the peak")


def test_evidence_tells_both_sides_and_a_hang():
    found = facts(lines().evidence)
    near = "168 (160 to 176), p99.9, 90 % interval"
    assert found["Under way at the neediest client proxy"] == near
    assert found["Under way at a server"] == "97 (93 to 102); 3 servers"
    assert found["Neediest client"] == "shop/web (2 proxies, the busiest with 35 /s)"
    assert found["When the service hangs"] == (
        "full after 7.7 s, the rest fails fast; without a pool 1,018 would be held per proxy"
    )
    assert "Highest that Envoy's gauge showed" not in found
    assert "Gets most done with" not in found


def test_what_is_not_known_of_a_pool_is_said():
    bare = pool_evidence(
        concurrency_server=None, server_low=None, server_high=None, servers=None, hang_holds=None
    )
    found = facts(lines(evidence=bare).evidence)
    assert found["Under way at a server"] == "not known"
    assert found["When the service hangs"].endswith("requests would pile up without end")


def test_a_pool_that_a_timeout_keeps_from_filling_is_not_said_to_fill():
    short = pool_evidence(hang_holds=270.0)
    found = facts(lines(evidence=short).evidence)
    assert found["When the service hangs"] == ("270 are held per proxy until the timeout: not full")


def test_a_knee_is_told_with_its_interval():
    knee = Knee(concurrency=40.0, low=30.0, high=55.0, contention=0.01, coherency=0.001)
    found = facts(lines(evidence=pool_evidence(knee=knee)).evidence)
    assert found["Gets most done with"] == "40 (30 to 55) under way per server, by a fit"


def test_the_steps_put_the_numbers_into_the_formula():
    steps = lines().steps
    assert "at a client proxy 168 requests are under way (p99.9), 176 by the upper end" in steps[0]
    assert steps[1] == "Room: 1.5 × 176 = 264, and at least need + √need = 181."
    assert steps[2] == "Times 1.0045 for what retries may add."
    assert steps[3] == "Rounded up to two digits: http2MaxRequests 270."
    assert steps[4].endswith("keeps its own for each server: 270.")


def test_the_steps_start_from_the_server_where_it_needs_more():
    busy = pool_evidence(concurrency_server=200.0, server_low=190.0, server_high=220.0)
    assert "at a server 200 requests" in lines(evidence=busy).steps[0]


def test_the_steps_name_each_rule_that_moved_the_limit():
    moved = lines(
        reasons=("POOL_ONE_PROXY_LESS", "POOL_LEAST_LIMIT"),
        proposed={"http2MaxRequests": 8, "inboundConnectionPool": {"http2MaxRequests": 8}},
    ).steps
    assert "Twice the upper end: either of two proxies must carry it all." in moved
    assert "No limit is below 8." in moved
    assert moved[-1] == "The servers' own, in their Sidecar: 8 requests."


@pytest.mark.parametrize(
    ("interval", "verdict", "held"),
    [
        ((0.0, 0.00002), "within the 0.01 % that is accepted.", True),
        ((0.00005, 0.0002), "within noise of the 0.01 % that is accepted.", True),
        ((0.0002, 0.0004), "more than the 0.01 % that is accepted.", False),
    ],
)
def test_the_backtest_is_judged_by_what_it_would_have_refused(interval, verdict, held):
    found = lines(backtest=pool_backtest(fraction_shed_interval=interval))
    assert found.backtest.endswith(verdict)
    assert found.held is held
    assert "the limit would have been 260 requests" in found.backtest


def test_a_pool_without_backtest_says_so():
    assert lines(backtest=None).backtest.startswith("No backtest")
    assert lines(backtest=None).held is None
