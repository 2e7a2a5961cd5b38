"""From timeouts to retries to the load that pools have to bear."""

import networkx as nx
import pytest
from retry_samples import path_of, retry, target_of

from observe.recommend.model import Withheld
from observe.recommend.plan import load_factors, plan_retries, timeouts_that_hold
from observe.recommend.policy import RetryPolicy
from observe.recommend.timeout_model import TimeoutRecommendation


def graph_of(*calls, per_request=1.0):
    graph = nx.DiGraph()
    graph.add_edges_from(((path_of(a), path_of(b)) for a, b in calls), per_request=per_request)
    return graph


def timeout(name, proposed):
    return TimeoutRecommendation.model_construct(
        target=target_of(name), proposed={"timeout": proposed}
    )


def withheld(name, current):
    return Withheld(
        kind="timeout", target=target_of(name), reason="STREAM", message="", current=current
    )


def test_a_timeout_that_is_withheld_stays_as_it_is_set():
    held = [withheld("b", {"timeout": "2s"}), withheld("c", {"timeout": None}), withheld("d", None)]
    assert timeouts_that_hold([timeout("a", "850ms")], held) == {
        path_of("a"): 850.0,
        path_of("b"): 2000.0,
    }


def test_retries_fit_first_and_are_shared_out_then():
    upper = retry("a", 2, 0.001, proposed={"perTryTimeout": "400ms"})
    plan = plan_retries(
        [upper, retry("b", 1)],
        [target_of("a"), target_of("b")],
        graph_of(("a", "b")),
        None,
        RetryPolicy(),
        {path_of("a"): 1000.0},
    )
    assert [r.proposed["attempts"] for r in plan.retries] == [1, 1]
    assert [c.reason for c in plan.changes] == ["TRIES_BEYOND_TIMEOUT"]
    assert plan.worst.product == 4


def test_calls_that_hardly_any_request_makes_do_not_bind():
    graph = graph_of(("a", "b"), per_request=0.0009)
    plan = plan_retries([retry("a"), retry("b")], [], graph, None, RetryPolicy(), {})
    assert plan.changes == []


def test_load_multiplies_along_the_worst_path():
    graph = graph_of(("a", "c"), ("b", "c"), ("c", "d"))
    # the upper end of the sample's interval is 6 %
    factors = load_factors([retry("a"), retry("c")], graph)
    assert factors == pytest.approx(
        {
            path_of("a"): 1.06,
            path_of("b"): 1.0,
            path_of("c"): 1.06**2,
            path_of("d"): 1.06**2,
        }
    )


def test_a_target_that_nobody_is_seen_to_call_counts_too():
    assert load_factors([retry("a")], nx.DiGraph()) == {path_of("a"): pytest.approx(1.06)}
