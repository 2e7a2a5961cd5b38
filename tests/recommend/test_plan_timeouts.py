"""Callers outlast callees, whatever the graph."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from observe.recommend.plan_timeouts import agree_on_timeouts, callees_first


def calls_of(*calls):
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(calls, weight="rest_ms")
    return graph


def test_a_raise_travels_up_the_whole_path():
    calls = calls_of(("a", "b", 0.0), ("b", "c", 0.0))
    agreed, changes = agree_on_timeouts({"a": 100, "b": 200, "c": 900}, {}, calls)
    assert agreed == {"a": 900, "b": 900, "c": 900}
    assert [(c.id, c.before, c.after) for c in changes] == [
        ("timeout/b", "200ms", "900ms"),
        ("timeout/a", "100ms", "900ms"),
    ]
    assert "b calls c" in changes[0].message


def test_a_caller_gets_the_time_of_its_own_work_on_top():
    calls = calls_of(("a", "b", 40.0), ("b", "c", 25.0))
    agreed, changes = agree_on_timeouts({"a": 100, "b": 200, "c": 900}, {}, calls)
    assert agreed == {"a": 965, "b": 925, "c": 900}
    assert "which may take 925ms, and does 40ms of work beside that" in changes[1].message


def test_the_sum_is_rounded_up_to_three_digits():
    agreed, _ = agree_on_timeouts({"a": 100, "b": 1000}, {}, calls_of(("a", "b", 1.0)))
    assert agreed["a"] == 1010


def test_the_slowest_need_decides_not_the_slowest_callee():
    calls = calls_of(("a", "quick", 500.0), ("a", "slow", 10.0))
    agreed, changes = agree_on_timeouts({"a": 1, "quick": 700, "slow": 1000}, {}, calls)
    assert agreed["a"] == 1200
    assert "calls quick" in changes[0].message


def test_services_in_a_cycle_share_the_longest_timeout_without_adding_up():
    calls = calls_of(("a", "b", 50.0), ("b", "a", 50.0), ("front", "a", 0.0))
    agreed, _ = agree_on_timeouts({"a": 100, "b": 300, "front": 200}, {}, calls)
    assert agreed == {"a": 300, "b": 300, "front": 300}


def test_a_setting_that_stays_bounds_its_callers_and_is_not_changed():
    agreed, changes = agree_on_timeouts({"a": 100}, {"kept": 5000}, calls_of(("a", "kept", 0.0)))
    assert agreed == {"a": 5000}
    assert len(changes) == 1


def test_a_callee_without_any_timeout_bounds_nobody():
    calls = calls_of(("a", "endless", 0.0), ("endless", "c", 0.0))
    assert agree_on_timeouts({"a": 100, "c": 900}, {}, calls) == ({"a": 100, "c": 900}, [])


def test_groups_come_after_all_that_they_call():
    calls = calls_of(("z", "y", 0), ("y", "z", 0), ("z", "a", 0), ("top", "y", 0))
    assert callees_first(calls) == [{"a"}, {"y", "z"}, {"top"}]


names = st.integers(0, 8).map(str)
rests = st.floats(0, 3000)


@given(
    st.dictionaries(names, st.integers(1, 10_000), min_size=1),
    st.lists(st.tuples(names, names, rests), max_size=25),
)
def test_no_caller_waits_shorter_than_its_callee_and_nothing_is_lowered(proposed, made):
    calls = calls_of(*((a, b, rest) for a, b, rest in made if a != b))
    agreed, changes = agree_on_timeouts(proposed, {}, calls)
    assert agreed.keys() == proposed.keys()
    assert all(agreed[t] >= proposed[t] for t in proposed)
    together = {n: group for group in nx.strongly_connected_components(calls) for n in group}
    for a, b, rest in calls.edges(data="rest_ms"):
        if a in agreed and b in agreed:
            assert agreed[a] >= agreed[b] + (0 if b in together[a] else rest) - 1e-6
    assert {c.id for c in changes} == {f"timeout/{t}" for t in proposed if agreed[t] > proposed[t]}
    again, more = agree_on_timeouts(agreed, {}, calls)
    assert again == agreed and more == []
