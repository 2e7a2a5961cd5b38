"""The list of targets that every kind of recommendation is made for."""

from dataclasses import replace

import pytest
from handmade import Call, snapshot

from observe.recommend.targets import coverage_by_target, request_targets


def test_a_host_called_by_two_clients_is_one_target():
    calls = [Call(service="cart"), Call(service="cart", source="batch"), Call(service="pay")]
    assert [t.path for t in request_targets(snapshot(calls))] == ["east/shop/cart", "east/shop/pay"]


def test_tcp_alone_makes_no_target_of_requests():
    made = snapshot([Call()])
    made.edges["protocol"] = "tcp"
    assert request_targets(made) == []


def test_coverage_is_the_share_of_all_scrapes_of_a_target_and_never_above_one():
    made = snapshot([Call()])
    made.coverage["samples"] = made.coverage["expected"] * 0.5
    assert coverage_by_target(made) == {"east/shop/cart": pytest.approx(0.5)}
    made.coverage["samples"] = made.coverage["expected"] * 1.2
    assert coverage_by_target(made) == {"east/shop/cart": 1.0}


def test_a_target_without_rows_of_coverage_is_absent():
    made = snapshot([Call()])
    unscraped = replace(made, coverage=made.coverage.iloc[:0])
    assert coverage_by_target(unscraped) == {}
