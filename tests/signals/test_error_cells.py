"""Errors per client and step: the side that sees more of them counts."""

import pytest
from handmade import Call, snapshot

from observe.signals.error_cells import error_cells

PATH = "east/shop/cart"


def _both(source: tuple[float, float], destination: tuple[float, float], flags: str = "-"):
    calls = [
        Call(buckets=(source[0], 0, 0, 0, 0)),
        Call(buckets=(source[1], 0, 0, 0, 0), code="503", flags=flags),
        Call(buckets=(destination[0], 0, 0, 0, 0), reporter="destination"),
        Call(buckets=(destination[1], 0, 0, 0, 0), code="503", reporter="destination"),
    ]
    return error_cells(snapshot(calls, hours=2))[PATH]


def test_errors_that_retries_cured_are_seen_at_the_server():
    cells = _both(source=(100, 0), destination=(100, 10))
    assert cells.requests.tolist() == [110, 110]
    assert cells.errors.tolist() == [pytest.approx(10.0)] * 2


def test_connect_failures_are_seen_at_the_client():
    cells = _both(source=(90, 10), destination=(90, 0), flags="UF")
    assert cells.requests.tolist() == [100, 100]
    assert cells.gateway.tolist() == [pytest.approx(10.0)] * 2


def test_a_circuit_breaker_that_is_open_says_nothing_about_a_host():
    assert _both(source=(90, 10), destination=(90, 0), flags="UO").errors.tolist() == [0, 0]


def test_each_client_has_cells_of_its_own():
    calls = [
        Call(source="web", buckets=(10, 0, 0, 0, 0)),
        Call(source="job", buckets=(5, 0, 0, 0, 0), code="500"),
    ]
    cells = error_cells(snapshot(calls, hours=1))[PATH]
    assert sorted(cells.clients) == [("shop", "job"), ("shop", "web")]
    assert cells.errors.sum() == 5
    assert cells.gateway.sum() == 0


def test_a_server_alone_has_no_cells():
    calls = [Call(buckets=(10, 0, 0, 0, 0), reporter="destination")]
    assert error_cells(snapshot(calls, hours=1)) == {}


def test_clients_without_a_proxy_of_their_own_are_left_out():
    calls = [
        Call(source="web", buckets=(10, 0, 0, 0, 0)),
        Call(source="unknown", buckets=(99, 0, 0, 0, 0), reporter="destination"),
    ]
    cells = error_cells(snapshot(calls, hours=1))[PATH]
    assert cells.requests.sum() == 10
