import pytest
from handmade import Call, snapshot

from observe.signals.callgraph import call_graph, edge_traffic

HUNDRED = (100, 0, 0, 0, 0)


def test_calls_per_request_follow_from_the_workloads_that_serve_a_target():
    graph = call_graph(
        snapshot(
            [
                Call("web", "cart", HUNDRED),
                Call("cart", "stock", (250, 0, 0, 0, 0)),
                Call("cart", "price", (10, 0, 0, 0, 0)),
            ],
            hours=24,
        )
    )
    assert graph.edges["east/shop/cart", "east/shop/stock"]["per_request"] == pytest.approx(2.5)
    assert graph.edges["east/shop/cart", "east/shop/price"]["per_request"] == pytest.approx(0.1)
    assert set(graph) == {"east/shop/cart", "east/shop/stock", "east/shop/price"}


def test_a_workload_calls_into_its_own_cluster_first():
    graph = call_graph(
        snapshot(
            [
                Call("web", "cart", HUNDRED, cluster="east"),
                Call("web", "cart", HUNDRED, cluster="west"),
                Call("cart", "stock", HUNDRED, cluster="east"),
                Call("cart", "stock", (50, 0, 0, 0, 0), cluster="west"),
            ],
            hours=24,
        )
    )
    assert graph.edges["east/shop/cart", "east/shop/stock"]["per_request"] == pytest.approx(1.0)
    assert graph.edges["west/shop/cart", "west/shop/stock"]["per_request"] == pytest.approx(0.5)
    assert not graph.has_edge("east/shop/cart", "west/shop/stock")


def test_destination_over_source_is_the_retry_amplification():
    traffic = edge_traffic(
        snapshot(
            [
                Call("web", "cart", HUNDRED),
                Call("web", "cart", (130, 0, 0, 0, 0), reporter="destination"),
            ],
            hours=24,
        )
    )
    assert len(traffic) == 1
    assert traffic["requests"].item() == 2400
    assert traffic["retry_amplification"].item() == pytest.approx(1.3)


def test_hosts_that_the_mesh_does_not_know_are_not_in_the_graph():
    graph = call_graph(
        snapshot([Call("web", "api.example.com", HUNDRED, registered=False)], hours=24)
    )
    assert len(graph) == 0
