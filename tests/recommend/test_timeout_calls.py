"""Which calls a caller's timeout has to outlast: on snapshots whose numbers are known."""

import networkx as nx
import pytest
from handmade import Call, snapshot

from observe.recommend.timeout_calls import calls_that_bound
from observe.signals.latency import latency_by_target

A, B = "east/shop/a", "east/shop/b"
QUICK = (0, 1000.0, 0, 0, 0)  # all within 10-100 ms
SLOW = (0, 0, 0, 100.0, 0)  # all within 1-10 s


def bounded(caller, callee, per_request):
    latencies = latency_by_target(
        snapshot([Call(service="a", buckets=caller), Call(service="b", buckets=callee)], hours=24)
    )
    graph = nx.DiGraph()
    graph.add_edge(A, B, per_request=per_request)
    return calls_that_bound(graph, latencies, 0.001)


def test_a_call_in_fewer_than_ten_times_the_accepted_share_does_not_count():
    assert not bounded(SLOW, SLOW, 0.0099).has_edge(A, B)
    assert bounded(SLOW, SLOW, 0.0101).has_edge(A, B)


def test_a_caller_that_answers_before_its_callee_does_does_not_wait_for_it():
    assert not bounded(QUICK, SLOW, 1.0).has_edge(A, B)


def test_a_quarter_of_what_waiting_would_show_is_enough_to_count():
    # calls in 10 % of the requests: 5 % wait longer than b's median, 1.25 % have to show
    assert bounded((0, 987.0, 0, 0, 13.0), SLOW, 0.1).has_edge(A, B)
    assert not bounded((0, 988.0, 0, 0, 12.0), SLOW, 0.1).has_edge(A, B)


def test_with_few_requests_the_caller_is_taken_to_wait():
    assert bounded((0, 1.0, 0, 0, 0), SLOW, 1.0).has_edge(A, B)


def test_own_work_is_the_median_less_that_of_a_call_that_most_requests_make():
    boundary = (500.0, 500.0, 0, 0, 0)  # a median of exactly 10 ms
    deep = (0, 500.0, 500.0, 0, 0)  # a median of exactly 100 ms
    assert bounded(deep, boundary, 1.0).edges[A, B]["rest_ms"] == pytest.approx(90.0)
    assert bounded(deep, boundary, 0.3).edges[A, B]["rest_ms"] == pytest.approx(100.0)


def test_own_work_is_never_negative():
    assert bounded(SLOW, SLOW, 1.0).edges[A, B]["rest_ms"] == 0.0


def test_a_callee_that_nobody_has_durations_of_counts_without_own_work():
    graph = nx.DiGraph()
    graph.add_edge(A, B, per_request=1.0)
    latencies = latency_by_target(snapshot([Call(service="a", buckets=SLOW)], hours=24))
    assert calls_that_bound(graph, latencies, 0.001).edges[A, B] == {"rest_ms": 0.0}
