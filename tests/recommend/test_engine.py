"""All kinds together on the simulated shop: complete, in order, in agreement, reproducible."""

from datetime import UTC, datetime

import pytest

from observe.demo.shop import demo_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.durations import parse_ms
from observe.recommend.base_model import SEVERITIES
from observe.recommend.engine import recommend
from observe.recommend.targets import request_targets
from observe.recommend.timeout_calls import calls_that_bound
from observe.signals.callgraph import call_graph
from observe.signals.latency import latency_by_target

START = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = ["timeout", "retry", "connectionPool", "outlierDetection"]


@pytest.fixture(scope="module")
def shop():
    return snapshot_from_truth(demo_mesh().starting(START), 7, START)


@pytest.fixture(scope="module")
def advice(shop):
    return recommend(shop)


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_ends_as_a_recommendation_or_withheld_for_every_kind(shop, advice, kind):
    answered = [r.target.path for r in advice.recommendations if r.kind == kind]
    answered += [w.target.path for w in advice.withheld_of(kind)]
    assert sorted(answered) == sorted(t.path for t in request_targets(shop))


def test_the_most_urgent_come_first_then_timeouts_retries_pools_and_outliers(advice):
    order = [
        (-SEVERITIES.index(r.severity), KINDS.index(r.kind), -r.evidence.requests)
        for r in advice.recommendations
    ]
    assert order == sorted(order)
    assert len({r.id for r in advice.recommendations}) == len(order)


def test_callers_outlast_the_callees_that_they_wait_for(shop, advice):
    timeouts = {r.target.path: parse_ms(r.proposed["timeout"]) for r in advice.timeouts}
    calls = calls_that_bound(call_graph(shop), latency_by_target(shop), 0.001)
    pairs = [(a, b) for a, b in calls.edges if a in timeouts and b in timeouts]
    assert len(pairs) >= 12
    assert [pair for pair in pairs if timeouts[pair[0]] < timeouts[pair[1]]] == []


def test_every_change_of_the_plan_is_of_a_recommendation_and_ends_where_it_says(advice):
    by_id = {r.id: r for r in advice.recommendations}
    assert advice.plan
    for change in advice.plan:
        value = by_id[change.id].proposed
        for name in change.field.split("."):
            value = value.get(name)
        assert str("none" if value is None else value) == change.after
        assert change.reason in by_id[change.id].reasons


def test_the_same_snapshot_gives_the_same_bytes(shop, advice):
    assert recommend(shop).model_dump_json() == advice.model_dump_json()
