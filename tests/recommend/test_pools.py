"""Connection pools on snapshots whose numbers are known."""

import pytest
from handmade import Call
from pool_samples import (
    PATH,
    Settings,
    even,
    gauge,
    hosts,
    pods,
    proxies,
    steady,
    with_pool,
)
from scipy.stats import poisson

from observe.recommend.policy import Policy, PoolPolicy
from observe.recommend.pools import recommend_pools

# 100 requests a second x 55 ms: 5.5 under way on average, and p99.9 of a Poisson number 14
NEED = 14
SERVERS = Call(reporter="destination", buckets=(0, 360_000, 0, 0, 0))


def both(snapshot, current=None, timeouts=None, tries=None, policy=None):
    return recommend_pools(snapshot, policy or Policy(), current, timeouts or {}, tries or {})


def only(snapshot, *args, **kwargs):
    found, withheld = both(snapshot, *args, **kwargs)
    assert len(found) == 1, withheld
    return found[0]


def reason(snapshot, **kwargs):
    found, withheld = both(snapshot, **kwargs)
    assert not found
    (one,) = withheld
    assert one.kind == "connectionPool"
    assert one.target.path == PATH
    return one.reason


def test_the_need_is_the_p999_of_a_poisson_number_around_rate_times_duration():
    pool = only(even([steady()], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1})))
    assert poisson.ppf(0.999, 5.5) == NEED
    assert pool.id == f"connectionPool/{PATH}"
    assert pool.evidence.concurrency_client == NEED
    assert pool.predicted.concurrency_p999_per_proxy == NEED
    assert pool.evidence.method == "littles-law"
    assert pool.evidence.requests == pytest.approx(168 * 360_000)
    (client,) = pool.evidence.clients
    assert (client.namespace, client.workload, client.proxies) == ("shop", "web", 1.0)
    assert client.busiest_rps == pytest.approx(100.0)


def test_the_limit_has_half_as_much_room_again_above_the_interval():
    pool = only(even([steady()], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1})))
    high = pool.evidence.client_high
    server = pool.evidence.server_high
    assert pool.proposed["http2MaxRequests"] == pytest.approx(1.5 * max(high, server), abs=1)
    assert pool.predicted.fraction_shed < 1e-5


def test_a_proxy_that_has_a_quarter_of_the_requests_needs_a_limit_of_its_own_load():
    calls = [steady(400.0), Call(reporter="destination", buckets=(0, 4 * 360_000, 0, 0, 0))]
    snapshot = even(calls, proxies=proxies({0: (4, 0.25)}), hosts=hosts([360_000.0] * 4))
    pool = only(snapshot)
    assert pool.evidence.concurrency_client == NEED
    assert pool.evidence.concurrency_server == NEED
    assert pool.evidence.servers == 4
    assert pool.confidence == "high"


def test_four_clients_of_one_server_get_the_limit_that_the_server_needs():
    calls = [steady(100.0, source=f"web{i}") for i in range(4)]
    calls.append(Call(reporter="destination", buckets=(0, 4 * 360_000, 0, 0, 0)))
    shares = proxies(dict.fromkeys(range(4), (1, 1.0)))
    pool = only(even(calls, proxies=shares, hosts=hosts([4 * 360_000.0])))
    assert pool.evidence.concurrency_client == NEED
    assert pool.evidence.concurrency_server == poisson.ppf(0.999, 22.0)
    assert pool.proposed["http2MaxRequests"] >= 1.5 * pool.evidence.concurrency_server
    assert "POOL_SERVERS_NEED_MORE" in pool.reasons
    assert "a server 38, to whose proxy Istio applies the pool as well" in pool.message
    assert "inboundConnectionPool" not in pool.proposed


def test_servers_that_need_far_less_get_a_limit_of_their_own_and_the_rule_stays_safe_without_it():
    calls = [steady(2000.0), Call(reporter="destination", buckets=(0, 20 * 360_000, 0, 0, 0))]
    snapshot = even(calls, proxies=proxies({0: (1, 1.0)}), hosts=hosts([360_000.0] * 20))
    pool = only(snapshot)
    inbound = pool.proposed["inboundConnectionPool"]
    assert pool.evidence.concurrency_server == NEED
    assert inbound["http2MaxRequests"] >= 1.5 * NEED
    assert 4 * inbound["http2MaxRequests"] <= pool.proposed["http2MaxRequests"]
    assert pool.proposed["http2MaxRequests"] >= 1.5 * pool.evidence.concurrency_client
    assert "POOL_SERVERS_NEED_LESS" in pool.reasons


def test_two_proxies_are_given_room_for_one_to_carry_it_all():
    calls = [steady(200.0), Call(reporter="destination", buckets=(0, 2 * 360_000, 0, 0, 0))]
    snapshot = even(calls, proxies=proxies({0: (2, 0.5)}), hosts=hosts([360_000.0] * 2))
    pool = only(snapshot)
    assert pool.evidence.concurrency_client == NEED
    assert pool.proposed["http2MaxRequests"] >= poisson.ppf(0.999, 11.0)
    assert pool.proposed["http2MaxRequests"] >= 2 * pool.evidence.client_high
    assert "POOL_ONE_PROXY_LESS" in pool.reasons


def test_retries_add_their_load_to_the_limit_and_not_to_what_was_measured():
    snapshot = even([steady(1000.0)], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1}))
    without, doubled = only(snapshot), only(snapshot, tries={PATH: 2.0})
    assert doubled.evidence.concurrency_client == without.evidence.concurrency_client
    ratio = doubled.proposed["http2MaxRequests"] / without.proposed["http2MaxRequests"]
    assert ratio == pytest.approx(2.0, rel=0.1)
    assert "POOL_ROOM_FOR_TRIES" in doubled.reasons
    assert doubled.predicted.fraction_shed < 1e-5


def test_connections_of_http1_leave_room_for_each_server_and_thread():
    calls = [steady(400.0), Call(reporter="destination", buckets=(0, 4 * 360_000, 0, 0, 0))]
    shares = {"proxies": proxies({0: (4, 0.25)}), "hosts": hosts([72_000.0] * 20)}
    plain = only(even(calls, **shares))
    # 5.5 under way over 20 servers x 2 threads: a p99.9 of 2 for each of these 40
    assert poisson.ppf(0.999, 5.5 / 40) == 2
    assert plain.proposed["maxConnections"] == 80
    assert plain.evidence.protocol == "unknown"
    assert "POOL_HTTP_VERSION_UNKNOWN" in plain.reasons


def test_grpc_shares_connections_and_gets_no_limit_on_them():
    pool = only(even([steady(protocol="grpc", grpc_status="0")], containers=pods({"cart": 1})))
    assert pool.evidence.protocol == "http2"
    assert set(pool.proposed) == {"http2MaxRequests", "http1MaxPendingRequests"}


def test_a_gauge_that_shows_more_than_littles_law_decides():
    shares = {"proxies": proxies({0: (1, 1.0)}), "containers": pods({"cart": 1})}
    pool = only(even([steady()], envoy=gauge(40.0), **shares))
    assert pool.evidence.method == "envoy-gauges"
    assert pool.evidence.gauge_max == 40.0
    assert pool.proposed["http2MaxRequests"] == 47  # 40 and the root of it, rounded up
    assert "POOL_GAUGE_HIGHER" in pool.reasons
    assert pool.confidence == "medium"
    lower = only(even([steady()], envoy=gauge(9.0), **shares))
    assert lower.evidence.method == "littles-law"


def test_a_hang_is_told_by_how_fast_it_fills_the_pool_and_what_the_timeout_would_hold():
    snapshot = even([steady()], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1}))
    pool = only(snapshot, timeouts={PATH: 10_000.0})
    limit = pool.proposed["http2MaxRequests"]
    assert pool.evidence.hang_fills_seconds == pytest.approx(limit / 100.0)
    assert pool.evidence.hang_holds == pytest.approx(1000.0)
    assert "otherwise up to 1,000 pile up, until the timeout of 10s." in pool.message
    unbounded = only(snapshot)
    assert unbounded.evidence.hang_holds is None
    assert "pile up without end" in unbounded.message
    short = only(snapshot, timeouts={PATH: 100.0})
    assert "hangs" not in short.message


def test_an_unknown_number_of_proxies_counts_as_one_and_is_a_doubt():
    pool = only(even([steady()]))
    assert pool.evidence.concurrency_client == NEED
    assert pool.evidence.clients[0].proxies is None
    assert "PROXIES_UNKNOWN" in pool.reasons
    assert pool.confidence == "medium"


def test_pods_stand_in_for_proxies_that_are_not_reported():
    pool = only(even([steady(400.0)], containers=pods({"web": 6, "cart": 6})))
    assert pool.evidence.concurrency_client == NEED  # a quarter: 1.5 times the even share
    assert "PROXIES_BY_PODS" in pool.reasons
    assert pool.confidence == "medium"


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (even([steady(0.001)]), "TOO_FEW_REQUESTS"),
        (even([steady(0.1)], containers=pods({"web": 1, "cart": 1})), "POOL_HARDLY_USED"),
        (even([steady(1.0, code="101")]), "STREAM"),
        (even([steady(1.0, protocol="grpc", messages=(9e9, 9e9))]), "STREAM"),
        (even([steady(1.0, reporter="destination")]), "SOURCE_WITHOUT_METRICS"),
        (even([steady(1.0, code="503")]), "MOSTLY_FAILING"),
        (even([steady(1.0, protocol="tcp")]), "POOL_TCP"),
    ],
)
def test_withheld(snapshot, expected):
    assert reason(snapshot) == expected


def test_a_long_poll_is_under_way_like_any_other_request():
    held = Call(buckets=(0, 0, 0, 0, 3600))  # 20 s each, one a second
    pool = only(even([held], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1})))
    assert pool.evidence.concurrency_client == poisson.ppf(0.999, 20.0)


def test_hosts_outside_the_mesh_are_withheld():
    found, withheld = both(even([steady(registered=False)]))
    assert not found
    assert [w.reason for w in withheld] == ["NOT_A_SERVICE"]


def test_what_is_set_stands_beside_what_is_withheld():
    _, (withheld,) = both(even([steady(0.001)]), with_pool(http2MaxRequests=100))
    assert withheld.current == {"http2MaxRequests": 100, "source": "dr.yaml:1"}
    _, (nothing,) = both(even([steady(0.001)]), Settings())
    assert nothing.current == {"source": None}


def test_the_same_snapshot_gives_the_same_advice():
    snapshot = even([steady(), steady(50.0, source="till")])
    assert both(snapshot) == both(snapshot)


def test_the_policy_sets_headroom_and_the_smallest_limit():
    snapshot = even([steady()], proxies=proxies({0: (1, 1.0)}), containers=pods({"cart": 1}))
    roomy = only(snapshot, policy=Policy(connection_pool=PoolPolicy(headroom=3.0)))
    assert roomy.proposed["http2MaxRequests"] >= 3.0 * roomy.evidence.client_high
    floor = only(snapshot, policy=Policy(connection_pool=PoolPolicy(least_limit=50)))
    assert floor.proposed["http2MaxRequests"] == 50
    assert "POOL_LEAST_LIMIT" in floor.reasons


def test_a_window_of_two_days_lowers_the_confidence():
    shares = {"proxies": proxies({0: (1, 1.0)}), "hosts": hosts([360_000.0])}
    pool = only(even([steady(), SERVERS], hours=48, **shares))
    assert "SHORT_WINDOW" in pool.reasons
    assert pool.confidence == "medium"
    assert only(even([steady(), SERVERS], **shares)).confidence == "high"
