"""Retries agree along the calls: numbers that can be checked by hand, then any graph."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from retry_samples import Settings, failed, path_of, retry, target_of

from observe.recommend.plan_cut import remaining_share
from observe.recommend.plan_paths import Standing, in_words, standing_tries
from observe.recommend.plan_retries import agree_on_retries, attempts_of
from observe.signals.worst_paths import product_of, worst_paths


def calls_of(*calls, per_request=1.0):
    graph = nx.DiGraph()
    graph.add_edges_from(((path_of(a), path_of(b)) for a, b in calls), per_request=per_request)
    return graph


def agree(calls, *retries, others=(), current=None, most=4):
    graph = calls if isinstance(calls, nx.DiGraph) else calls_of(*calls)
    return agree_on_retries(retries, [target_of(n) for n in others], graph, current, most)


def attempts(plan):
    return {r.target.path.split("/")[-1]: r.proposed["attempts"] for r in plan.retries}


def test_retries_that_fit_stay_as_they_are():
    one, two = retry("a", 1), retry("b", 1)
    plan = agree([("a", "b")], one, two)
    assert plan.retries == [one, two]
    assert plan.changes == []
    assert plan.worst.product == 4


def test_the_attempt_that_cures_least_goes_and_the_worst_path_is_named():
    plan = agree([("a", "b")], retry("a", 2, gain=0.001), retry("b", 2, gain=0.01))
    assert attempts(plan) == {"a": 0, "b": 2}
    (change,) = plan.changes
    assert (change.id, change.field, change.before, change.after) == (
        "retry/east/shop/a",
        "attempts",
        "2",
        "0",
    )
    assert change.reason == "TOO_MANY_TRIES_ON_PATH"
    assert (
        "9 tries of east/shop/b, more than 4 (east/shop/a x3 -> east/shop/b x3)" in change.message
    )
    assert plan.retries[0].message == (
        "A sample. One request could become 9 tries of east/shop/b, more than 4 "
        "(east/shop/a x3 -> east/shop/b x3): of 2 attempts none is left."
    )
    assert plan.worst.model_dump() == {
        "targets": ("east/shop/b",),
        "tries": (3.0,),
        "product": 3.0,
        "without_budgets": 3.0,
        "most": 4.0,
        "by_default": (),
    }


def test_fewer_attempts_cure_and_add_less_by_the_formula():
    plan = agree([("a", "b")], retry("a", 2, 0.003, repeat=0.5), retry("b", 2, 0.003, repeat=0.1))
    a = next(r for r in plan.retries if r.target.path == path_of("a"))
    assert attempts(plan) == {"a": 1, "b": 1}
    assert a.predicted.success_after == pytest.approx(0.98 + 0.003 / 1.5)
    assert a.predicted.added_load == pytest.approx(0.010)
    assert a.predicted.added_load_worst_hour == pytest.approx(0.030)
    assert a.predicted_interval["addedLoadWorstHour"] == pytest.approx((0.02, 0.04))
    assert a.predicted_interval["successAfter"] == pytest.approx((0.98, 0.98 + 0.02 / 1.5))
    assert a.backtest.attempts == 1
    assert a.backtest.added_load == pytest.approx(0.02)
    assert a.backtest.added_load_worst_hour_interval == pytest.approx((0.02, 0.06))
    assert a.reasons == ("SAMPLE", "TOO_MANY_TRIES_ON_PATH")


def test_without_attempts_nothing_else_of_a_retry_is_left_for_istio_would_refuse_it():
    plan = agree([("a", "b")], retry("a", 2, gain=0), retry("b", 2))
    assert plan.retries[0].proposed == {"attempts": 0}
    assert plan.retries[0].predicted.success_after == plan.retries[0].predicted.success_before
    assert plan.retries[0].predicted.added_load == 0.0


def test_of_a_cycle_the_member_that_cures_most_retries_once():
    calls = [("a", "b"), ("b", "a"), ("b", "c")]
    plan = agree(calls, retry("a", gain=0.02), retry("b"), retry("c", 1))
    assert attempts(plan) == {"a": 1, "b": 0, "c": 1}
    assert {c.reason for c in plan.changes} == {"RETRIES_IN_A_CYCLE"}
    assert "it and east/shop/b call one another" in plan.changes[0].message


CHAIN = [("a", "b"), ("b", "c")]


def _default(name):
    budget = {"retryBudget": {"percent": 20.0, "minRetryConcurrency": 3}}
    return retry(name, 2, 0.0, proposed=budget)


def _defaults(*names):
    return {path_of(name): _default(name) for name in names}


def _bounded(calls, *retries, others, defaults):
    targets = [target_of(name) for name in others]
    plan = agree_on_retries(retries, targets, calls_of(*calls), None, 4, _defaults(*defaults))
    return plan, [r.target.path.split("/")[-1] for r in plan.retries if r not in retries]


def test_istios_default_is_bounded_where_it_multiplies_and_stays_at_the_end_of_the_calls():
    plan, bounded = _bounded([("a", "b")], others="ab", defaults="ab")
    assert bounded == ["a"]
    assert plan.worst.product == pytest.approx(1.2 * 3)
    assert plan.worst.without_budgets == 9
    assert plan.worst.by_default == (path_of("b"),)
    assert plan.retries[0].message == (
        "A sample. Without it one request could become 9 tries of east/shop/b "
        "(east/shop/a x3 -> east/shop/b x3)."
    )


def test_where_the_path_is_long_the_end_is_bounded_too():
    plan, bounded = _bounded(CHAIN, others="abc", defaults="abc")
    assert bounded == ["a", "b", "c"]
    assert plan.worst.product == pytest.approx(1.2**3)
    assert plan.worst.without_budgets == 27
    assert plan.worst.by_default == ()


def test_a_default_alone_on_its_path_stays_as_it_is():
    plan, bounded = _bounded([("a", "b")], others="b", defaults="b")
    assert bounded == []
    assert plan.worst.by_default == (path_of("b"),)


def test_a_default_of_which_nothing_is_known_is_named_and_not_bounded():
    plan, bounded = _bounded([("a", "b")], others="ab", defaults="a")
    assert bounded == ["a"]
    assert plan.worst.by_default == (path_of("b"),)
    plan, bounded = _bounded([("a", "b")], others="ab", defaults="")
    assert bounded == []
    assert plan.worst.product == 9


def test_defaults_in_a_cycle_are_named_and_not_bounded():
    plan, bounded = _bounded([("a", "b"), ("b", "a")], others="ab", defaults="ab")
    assert bounded == []
    assert plan.worst.by_default == (path_of("a"), path_of("b"))


def test_beside_a_retry_that_cures_the_default_is_bounded():
    plan, bounded = _bounded(CHAIN, retry("c", 1), others="ab", defaults="ab")
    assert bounded == ["a", "b"]
    assert plan.worst.product == pytest.approx(1.2 * 1.2 * 2)
    plan, bounded = _bounded([("b", "c")], retry("c", 1), others="b", defaults="b")
    assert bounded == ["b"]


def test_failures_that_were_passed_on_are_retried_below_only():
    upper = retry("a", 1, classes=[failed(10.0)])
    lower = retry("b", 1, classes=[failed(12.0)])
    plan = agree([("a", "b")], upper, lower)
    assert attempts(plan) == {"a": 0, "b": 1}
    assert plan.changes[0].reason == "RETRIES_AT_ANOTHER_LAYER"


def test_connections_that_fail_on_the_way_to_a_target_are_its_own():
    upper = retry("a", 1, classes=[failed(10.0, flags="UF", grpc_status="")])
    lower = retry("b", 1, classes=[failed(12.0, flags="UF", grpc_status="")])
    assert attempts(agree([("a", "b")], upper, lower)) == {"a": 1, "b": 1}


def test_a_callee_that_is_hardly_called_passes_little_on():
    calls = calls_of(("a", "b"), per_request=0.01)
    upper, lower = retry("a", 1, classes=[failed(10.0)]), retry("b", 1, classes=[failed(12.0)])
    assert attempts(agree(calls, upper, lower)) == {"a": 1, "b": 1}


def test_settings_that_stay_take_their_part_of_the_bound():
    current = Settings(routes={"a": (3, 0)})
    plan = agree([("a", "b")], retry("b", 2), others=["a"], current=current)
    assert attempts(plan) == {"b": 0}
    assert plan.worst.targets == ("east/shop/a",)
    assert plan.worst.by_default == ()


def test_a_default_that_stays_is_told_and_takes_nothing_from_what_cures():
    plan = agree([("a", "b")], retry("b", 2), others=["a"], current=Settings())
    assert attempts(plan) == {"b": 2}
    assert plan.worst.product == 9
    assert plan.worst.by_default == ("east/shop/a",)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (None, Standing(3.0, by_default=True)),
        (Settings(), Standing(3.0, by_default=True)),
        (Settings({"a": (None,)}), Standing(3.0, by_default=True)),
        (Settings({"a": (0,)}), Standing(1.0, by_default=False)),
        (Settings({"a": (1, None)}), Standing(3.0, by_default=True)),
        (Settings({"a": (4, None)}), Standing(5.0, by_default=False)),
        (Settings({"a": (4,)}, {"a": 20.0}), Standing(1.2, by_default=False)),
        (Settings({"a": (0,)}, {"a": 20.0}), Standing(1.0, by_default=False)),
        (Settings({}, {"a": 25}), Standing(1.25, by_default=True)),
    ],
)
def test_what_is_set_today(settings, expected):
    assert standing_tries(target_of("a"), settings) == expected


def test_severity_stays_where_todays_attempts_do_harm():
    kept = retry("a", 1, 0, severity="critical", current={"attempts": 3})
    fits = retry("a", 1, 0, severity="warning", current={"attempts": 0})
    none = retry("a", 1, 0, severity="warning", current=None)
    for upper, severity in ((kept, "critical"), (fits, "ok"), (none, "info")):
        assert agree([("a", "b")], upper, retry("b", 3)).retries[0].severity == severity


def test_what_the_first_attempts_do_of_all():
    assert remaining_share(0.0, 1, 2) == 1.0
    assert remaining_share(0.5, 1, 2) == pytest.approx(2 / 3)
    assert remaining_share(1.0, 1, 2) == 0.5
    assert remaining_share(0.5, 0, 2) == 0.0


def test_of_a_long_path_both_ends_are_named():
    tries = dict.fromkeys("abcdefg", 3.0) | {"b": 1.0}
    assert in_words([*"abcdef"], tries) == "a x3 -> c x3 -> d x3 -> e x3 -> f x3"
    tries |= {"b": 2.0}
    assert in_words([*"abcdefg"], tries) == "a x3 -> b x2 -> 3 more -> f x3 -> g x3"


names = st.integers(0, 7).map(str)
samples = st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.001, 0.01]), st.booleans())


@given(
    st.lists(st.tuples(names, names).filter(lambda e: e[0] != e[1]), max_size=20),
    st.dictionaries(names, samples, max_size=8),
    st.integers(1, 6),
)
def test_after_agreeing_every_path_is_bounded_and_nothing_changes_again(calls, made, most):
    graph = calls_of(*calls)
    retries = [
        retry(name, n, gain if n else 0.0, classes=[failed(5.0)] if passed else ())
        for name, (n, gain, passed) in made.items()
    ]
    graph.add_nodes_from(r.target.path for r in retries)
    plan = agree(graph, *retries, most=most)
    tries = dict.fromkeys(graph, 1.0)
    tries |= {r.target.path: 1.0 + attempts_of(r) for r in plan.retries}
    paths = worst_paths(graph, tries)
    assert all(product_of(paths.through(name), tries) <= most for name in graph)
    worst = max((product_of(paths.through(n), tries) for n in graph), default=1.0)
    assert (plan.worst.product if plan.worst else 1.0) == pytest.approx(worst)
    assert [r.id for r in plan.retries] == [r.id for r in retries]
    changed = {r.id for r, old in zip(plan.retries, retries, strict=True) if r != old}
    assert changed == {c.id for c in plan.changes}
    again = agree(graph, *plan.retries, most=most)
    assert again.changes == []
    assert again.worst == plan.worst
