import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from observe.recommend.plan import agree_on_timeouts


def graph_of(*calls):
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(calls, weight="per_request")
    return graph


def test_a_raise_travels_up_the_whole_path():
    graph = graph_of(("a", "b", 1.0), ("b", "c", 1.0))
    agreed, changes = agree_on_timeouts({"a": 100, "b": 200, "c": 900}, {}, graph, 0.001)
    assert agreed == {"a": 900, "b": 900, "c": 900}
    assert [(c.id, c.before, c.after) for c in changes] == [
        ("timeout/b", "200ms", "900ms"),
        ("timeout/a", "100ms", "900ms"),
    ]
    assert "b calls c" in changes[0].message


def test_services_in_a_cycle_share_the_longest_timeout():
    graph = graph_of(("a", "b", 1.0), ("b", "a", 1.0), ("front", "a", 1.0))
    agreed, _ = agree_on_timeouts({"a": 100, "b": 300, "front": 200}, {}, graph, 0.001)
    assert agreed == {"a": 300, "b": 300, "front": 300}


def test_rare_calls_do_not_raise_the_caller():
    graph = graph_of(("a", "slow", 0.0005))
    agreed, changes = agree_on_timeouts({"a": 100, "slow": 9000}, {}, graph, 0.001)
    assert agreed["a"] == 100
    assert changes == []


def test_a_setting_that_stays_bounds_its_callers_and_is_not_changed():
    graph = graph_of(("a", "kept", 1.0))
    agreed, changes = agree_on_timeouts({"a": 100}, {"kept": 5000}, graph, 0.001)
    assert agreed == {"a": 5000}
    assert len(changes) == 1


names = st.integers(0, 8).map(str)


@given(
    st.dictionaries(names, st.integers(1, 10_000), min_size=1),
    st.lists(st.tuples(names, names, st.floats(0, 3)), max_size=25),
)
def test_no_caller_waits_shorter_than_its_callee_and_nothing_is_lowered(proposed, calls):
    graph = graph_of(*((a, b, w) for a, b, w in calls if a != b))
    agreed, changes = agree_on_timeouts(proposed, {}, graph, 0.001)
    assert agreed.keys() == proposed.keys()
    assert all(agreed[t] >= proposed[t] for t in proposed)
    for a, b, share in graph.edges(data="per_request"):
        if share >= 0.001 and a in agreed and b in agreed:
            assert agreed[a] >= agreed[b]
    assert {c.id for c in changes} == {f"timeout/{t}" for t in proposed if agreed[t] > proposed[t]}
    again, more = agree_on_timeouts(agreed, {}, graph, 0.001)
    assert again == agreed and more == []
