"""What is set for a pool, judged against what is needed."""

import pytest
from handmade import Call
from pool_samples import PATH, Settings, even, pods, proxies, steady, with_pool

from observe.recommend.policy import Policy
from observe.recommend.pool_judgement import current_limits
from observe.recommend.pools import recommend_pools

ONE = {"proxies": proxies({0: (1, 1.0)}), "containers": pods({"cart": 1})}
#: p99.9 of the requests under way of these: 14; the proposal is above 20.
CALLS = [steady()]
TIMEOUT = {PATH: 1000.0}


def judged(current, calls=None, timeouts=None, **fields):
    snapshot = even([steady(**fields)] if fields else calls or CALLS, **ONE)
    (pool,), _ = recommend_pools(snapshot, Policy(), current, timeouts or {}, {})
    return pool


@pytest.mark.parametrize(
    ("limits", "severity", "first"),
    [
        ({"http2MaxRequests": 5}, "critical", "POOL_TOO_SMALL"),
        ({"http2MaxRequests": 13}, "critical", "POOL_TOO_SMALL"),
        ({"http2MaxRequests": 15}, "warning", "POOL_TOO_SMALL"),
        ({"http2MaxRequests": 24}, "ok", "POOL_FITS"),
        ({"http2MaxRequests": 80}, "ok", "POOL_FITS"),
        ({"http2MaxRequests": 1000}, "info", "POOL_TOO_LARGE"),
        ({"maxConnections": 5}, "critical", "POOL_TOO_SMALL"),
        ({"maxConnections": 5, "http2MaxRequests": 1000}, "critical", "POOL_TOO_SMALL"),
        ({"maxConnections": 30, "http2MaxRequests": 1000}, "ok", "POOL_FITS"),
        ({"http2MaxRequests": 0}, "info", "POOL_NONE_SET"),
        ({"http1MaxPendingRequests": 1}, "info", "POOL_NONE_SET"),
    ],
)
def test_limits_against_the_requests_under_way(limits, severity, first):
    pool = judged(with_pool(**limits), timeouts=TIMEOUT)
    assert (pool.severity, pool.reasons[0]) == (severity, first)


def test_connections_of_http2_are_no_bound_on_requests():
    pool = judged(with_pool(maxConnections=5), timeouts=TIMEOUT, protocol="grpc", grpc_status="0")
    assert (pool.severity, pool.reasons[0]) == ("info", "POOL_NONE_SET")


def test_no_pool_and_no_timeout_is_a_warning():
    assert judged(Settings()).severity == "warning"
    assert judged(Settings(), timeouts=TIMEOUT).severity == "info"
    assert judged(Settings()).current == {"source": None}


def test_without_the_settings_nothing_is_said_of_them():
    pool = judged(None)
    assert (pool.severity, pool.reasons[0], pool.current) == ("info", "POOL_UNKNOWN", None)


REFUSED = Call(buckets=(3600, 0, 0, 0, 0), code="503", flags="UO", hours=[30])


@pytest.mark.parametrize(
    "current", [None, Settings(), with_pool(http2MaxRequests=12), with_pool(maxConnections=20)]
)
def test_requests_that_a_pool_refused_are_critical(current):
    pool = judged(current, calls=[*CALLS, REFUSED])
    assert (pool.severity, pool.reasons[0]) == ("critical", "POOL_OVERFLOWED")
    assert pool.evidence.overflows == 3600.0
    assert pool.confidence == "medium"
    assert pool.message.startswith("A pool refused 3,600 requests (0.006%)")
    assert "raise it in steps" in pool.message


def test_a_queue_of_one_is_too_small_however_large_the_other_limits_are():
    current = with_pool(http1MaxPendingRequests=1, http2MaxRequests=1000)
    pool = judged(current, calls=[*CALLS, REFUSED])
    assert pool.severity == "critical"
    assert "; set: http1MaxPendingRequests 1, http2MaxRequests 1,000." in pool.message


def test_a_pool_above_the_need_that_refused_requests_did_its_work():
    pool = judged(with_pool(http2MaxRequests=100), calls=[*CALLS, REFUSED])
    assert (pool.severity, pool.reasons[0]) == ("warning", "POOL_OVERFLOWED")
    assert "although http2MaxRequests 100 is above what is needed" in pool.message


def test_what_is_set_is_shown_with_its_place():
    pool = judged(with_pool(maxConnections=5, http1MaxPendingRequests=7))
    assert pool.current == {
        "maxConnections": 5,
        "http1MaxPendingRequests": 7,
        "source": "dr.yaml:1",
    }


def test_a_limit_that_is_no_number_is_no_limit():
    rule = with_pool().rule
    rule.connection_pool["http"] = {"http2MaxRequests": "100", "maxRequestsPerConnection": 0}
    rule.connection_pool["tcp"] = None
    assert current_limits(rule) == {}
