"""No path of calls multiplies more tries than the bound, whatever the graph and the wishes."""

import math

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from observe.recommend.plan_tries import Wish, share_out_tries
from observe.signals.worst_paths import product_of, worst_paths


def calls_of(*calls):
    graph = nx.DiGraph()
    graph.add_edges_from(calls)
    return graph


def share(calls, wishes, fixed=None, assumed=None, most=4):
    return share_out_tries(calls_of(*calls), wishes, fixed or {}, assumed or {}, most)


CHAIN = [("a", "b"), ("b", "c")]


def test_alone_everybody_gets_what_it_wishes():
    assert share([], {"a": Wish(2, (9, 1)), "b": Wish(3, (0, 0, 0))}) == {"a": 2, "b": 3}


def test_what_cures_most_is_granted_first():
    wishes = {"a": Wish(2, (50, 5)), "b": Wish(2, (90, 9)), "c": Wish(2, (70, 7))}
    assert share(CHAIN, wishes) == {"a": 0, "b": 1, "c": 1}


def test_a_second_attempt_that_cures_more_goes_before_another_first():
    wishes = {"a": Wish(2, (50, 5)), "b": Wish(2, (90, 60)), "c": Wish(0, ())}
    assert share(CHAIN, wishes) == {"a": 0, "b": 2, "c": 0}


def test_of_equal_worth_the_one_next_to_the_end_of_the_calls_keeps_its_retries():
    default = Wish(2, (0, 0))
    assert share(CHAIN, {"a": default, "b": default, "c": default}) == {"a": 0, "b": 0, "c": 2}


def test_of_targets_that_call_one_another_one_gets_one_attempt():
    calls = [("a", "b"), ("b", "a"), ("b", "c")]
    wishes = {"a": Wish(1, (80,)), "b": Wish(2, (90, 85)), "c": Wish(1, (1,))}
    assert share(calls, wishes) == {"a": 0, "b": 1, "c": 1}
    assert share(calls, {"a": Wish(1, (1,))}, fixed={"b": 2.0}) == {"a": 0}


def test_what_is_fixed_takes_its_part_of_the_bound():
    assert share(CHAIN, {"c": Wish(2, (9, 1))}, fixed={"a": 2.0}) == {"c": 1}
    assert share(CHAIN, {"c": Wish(2, (9, 1))}, fixed={"a": 5.0}) == {"c": 0}


def test_a_default_that_is_only_assumed_takes_from_idle_wishes_alone():
    assert share(CHAIN, {"c": Wish(1, (9,))}, assumed={"a": 3.0}) == {"c": 1}
    assert share(CHAIN, {"c": Wish(1, (0,))}, assumed={"a": 3.0}) == {"c": 0}


def test_both_arms_of_a_fork_may_retry_but_not_what_both_lead_to():
    calls = [("top", "left"), ("top", "right"), ("left", "end"), ("right", "end")]
    wishes = {
        "left": Wish(2, (9, 8)),
        "right": Wish(2, (9, 8)),
        "end": Wish(2, (5, 4)),
        "top": Wish(2, (5, 4)),
    }
    assert share(calls, wishes) == {"left": 2, "right": 2, "end": 0, "top": 0}


names = st.integers(0, 9).map(str)
wished = st.tuples(st.integers(0, 3), st.integers(0, 5)).map(
    lambda pair: Wish(pair[0], tuple(pair[1] / 2**k for k in range(pair[0])))
)


@given(
    st.lists(st.tuples(names, names).filter(lambda e: e[0] != e[1]), max_size=30),
    st.dictionaries(names, wished),
    st.integers(1, 6),
)
def test_no_path_exceeds_the_bound_and_nothing_more_could_be_granted(calls, wishes, most):
    graph = calls_of(*calls)
    granted = share_out_tries(graph, wishes, {}, {}, most)
    graph.add_nodes_from(wishes)
    tries = {name: 1.0 + granted.get(name, 0) for name in graph}
    paths = worst_paths(graph, tries)
    for name in graph:
        line = paths.through(name)
        assert product_of(line, tries) <= most + 1e-9
        more = tries | {name: tries[name] + 1}
        alone = len(paths.members[paths.of[name]]) == 1
        if name in wishes and granted[name] < wishes[name].attempts and alone:
            assert product_of(line, more) > most
        if not alone:
            assert sum(granted.get(n, 0) for n in paths.members[paths.of[name]]) <= 1
    kept = {name: Wish(granted[name], wish.worth[: granted[name]]) for name, wish in wishes.items()}
    assert share_out_tries(graph, kept, {}, {}, most) == granted


def test_a_long_chain_of_defaults_ends_with_one_layer():
    calls = [(str(n), str(n + 1)) for n in range(50)]
    default = Wish(2, (0, 0))
    granted = share(calls, {str(n): default for n in range(51)})
    assert math.prod(1 + n for n in granted.values()) == 3
    assert granted["50"] == 2
