"""Requests under way per proxy, on snapshots whose numbers are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import START, Call, snapshot

from observe.signals.concurrency import concurrency_by_target, most_under_way
from observe.telemetry import frames

PATH = "east/shop/cart"
HOST = "cart.shop.svc.cluster.local"
#: 3,600 requests an hour of 55 ms, all of them counted in the hour's first five minutes
STEADY = Call(buckets=(0, 3600, 0, 0, 0))
RATE = 3600 / 300


def cart(calls, hours=3, **frames_of):
    whole = replace(snapshot(calls, hours=hours), **frames_of)
    return concurrency_by_target(whole)[PATH]


def rows(spec, *values):
    return spec.conform(pd.DataFrame(values, columns=list(spec.columns)))


def at(hour):
    return START + pd.Timedelta(hours=hour)


def pods(workload, *numbers):
    empty = (np.nan, np.nan, np.nan)
    each = [
        (at(h), "east", "shop", workload, "app", float(n), *empty) for h, n in enumerate(numbers)
    ]
    return rows(frames.CONTAINERS, *each)


def test_requests_under_way_are_rate_times_mean_duration():
    (web,) = cart([STEADY]).clients
    assert web.name == ("east", "shop", "web")
    assert web.under_way[0] == pytest.approx(RATE * 0.055)
    assert web.under_way[1] == 0.0
    assert web.requests.sum() == 3 * 3600
    assert len(web.under_way) == 3 * 12


def test_the_duration_is_that_of_the_hour_and_of_all_outcomes():
    slow = Call(buckets=(0, 0, 1200, 0, 0), code="503", flags="UC", hours=[1])
    (web,) = cart([STEADY, slow]).clients
    mean = (3600 * 0.055 + 1200 * 0.55) / 4800
    assert web.under_way[12] == pytest.approx(4800 / 300 * mean)
    assert web.under_way[0] == pytest.approx(RATE * 0.055)


def test_requests_that_a_pool_refused_were_wanted_but_lasted_no_time():
    refused = Call(buckets=(1200, 0, 0, 0, 0), code="503", flags="UO", hours=[1])
    load = cart([STEADY, refused])
    assert load.refused == 1200.0
    assert load.clients[0].under_way[12] == pytest.approx(4800 / 300 * 0.055)


def test_the_busiest_proxy_has_what_the_proxies_report():
    proxies = rows(
        frames.PROXIES,
        *[(at(h), 0, n, share) for h, n, share in ((0, 4.0, 0.4), (1, 4.0, 0.4), (2, 2.0, 0.7))],
    )
    (web,) = cart([STEADY], hours=5, proxies=proxies).clients
    assert web.share.known == "reported"
    assert web.share.fewest == 2
    assert web.share.usual == 4.0
    assert web.busiest_under_way[0] == pytest.approx(0.4 * RATE * 0.055)
    assert web.busiest_under_way[24] == pytest.approx(0.7 * RATE * 0.055)
    # nothing was reported in the last hour: the most that was seen
    assert web.busiest_under_way[48] == pytest.approx(0.7 * RATE * 0.055)


def test_in_the_hour_of_a_rollout_the_share_is_that_of_the_hours_beside_it():
    shares = (0.5, 0.5, 0.25, 0.5, 0.5)  # two pods, and two more that take their place
    proxies = rows(frames.PROXIES, *[(at(h), 0, 2.0, s) for h, s in enumerate(shares)])
    (web,) = cart([STEADY], hours=5, proxies=proxies).clients
    assert np.all(web.share.busiest == 0.5)


def test_a_share_that_is_no_number_is_not_reported():
    proxies = rows(frames.PROXIES, (at(0), 0, 2.0, np.nan))
    (web,) = cart([STEADY], proxies=proxies).clients
    assert web.share.known == "one"


def test_without_a_report_the_pods_share_the_load_unevenly():
    (web,) = cart([STEADY], containers=pods("web", 6, 3, 1)).clients
    assert web.share.known == "pods"
    assert web.share.fewest == 1
    assert list(web.share.busiest[[0, 12, 24]]) == [0.25, 0.5, 1.0]


def test_a_client_of_which_nothing_is_known_counts_as_one_proxy():
    (web,) = cart([STEADY]).clients
    assert web.share.known == "one"
    assert web.share.fewest is None
    assert np.all(web.share.busiest == 1.0)


def test_two_versions_behind_a_host_are_one_load_of_the_client():
    other = Call(buckets=(0, 1800, 0, 0, 0), workload="cart-v2")
    proxies = rows(frames.PROXIES, (at(0), 0, 2.0, 0.6), (at(0), 1, 2.0, 0.9))
    (web,) = cart([STEADY, other], proxies=proxies).clients
    assert web.requests[0] == 5400.0
    assert web.share.busiest[0] == pytest.approx((3600 * 0.6 + 1800 * 0.9) / 5400)


def test_servers_count_what_arrives_from_everybody():
    calls = [
        STEADY,
        Call(source="till", buckets=(0, 1800, 0, 0, 0)),
        Call(reporter="destination", buckets=(0, 6000, 0, 0, 0)),
        Call(source="unknown", reporter="destination", buckets=(0, 0, 300, 0, 0)),
    ]
    hosts = rows(
        frames.HOSTS,
        *[(at(0), "east", HOST, "shop", name, n) for name, n in (("a", 1000.0), ("b", 3300.0))],
        (at(0), "west", HOST, "shop", "c", 9e9),
    )
    server = cart(calls, hosts=hosts).server
    assert server.requests[0] == 6300.0
    assert server.under_way[0] == pytest.approx((6000 * 0.055 + 300 * 0.55) / 300)
    assert server.share.fewest == 2
    assert server.share.busiest[0] == pytest.approx(3300 / 4300)


def test_servers_that_are_scraped_in_part_have_at_least_what_was_sent():
    server = cart([STEADY, Call(reporter="destination", buckets=(0, 100, 0, 0, 0))]).server
    assert server.requests[0] == 3600.0
    assert server.requests[1] == 0.0


def test_servers_whose_durations_are_not_collected_take_as_long_as_their_clients_wait():
    calls = [STEADY, Call(reporter="destination", buckets=(4000, 0, 0, 0, 0))]
    whole = snapshot(calls, hours=3)
    sums = whole.latency_sum[whole.latency_sum["edge"] == 0].reset_index(drop=True)
    server = concurrency_by_target(replace(whole, latency_sum=sums))[PATH].server
    assert server.under_way[0] == pytest.approx(4000 / 300 * 0.055)


def test_servers_that_do_not_report_have_what_their_clients_send():
    calls = [STEADY, Call(source="till", buckets=(0, 1800, 0, 0, 0))]
    server = cart(calls, containers=pods("cart", 3, 3, 3)).server
    assert server.under_way[0] == pytest.approx(5400 / 300 * 0.055)
    assert server.share.known == "pods"
    assert server.share.busiest[0] == 0.5


def test_a_waypoint_stands_for_all_the_clients_behind_it():
    calls = [
        Call(source=name, reporter="waypoint", buckets=(0, 3600, 0, 0, 0))
        for name in ("web", "till")
    ]
    load = cart(calls)
    (waypoint,) = load.clients
    assert waypoint.name == ("east", "shop", "waypoint")
    assert waypoint.under_way[0] == pytest.approx(2 * RATE * 0.055)
    assert load.server is None


def test_without_durations_nothing_is_known_of_what_is_under_way():
    whole = snapshot([STEADY], hours=3)
    loads = concurrency_by_target(replace(whole, latency_sum=frames.LATENCY_SUM.empty()))
    assert np.isnan(loads[PATH].clients[0].under_way).all()
    assert most_under_way(loads)[PATH] == ({}, 0.0)


def test_the_most_under_way_is_of_each_client_and_of_all_in_one_step():
    calls = [
        Call(buckets=(0, 3600, 0, 0, 0), hours=[0]),
        Call(source="till", buckets=(0, 1800, 0, 0, 0), hours=[1]),
    ]
    each, together = most_under_way(concurrency_by_target(snapshot(calls, hours=2)))[PATH]
    assert each["east", "shop", "web"] == pytest.approx(RATE * 0.055)
    assert each["east", "shop", "till"] == pytest.approx(RATE * 0.055 / 2)
    assert together == pytest.approx(RATE * 0.055)
