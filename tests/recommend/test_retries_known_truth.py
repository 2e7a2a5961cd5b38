"""Retries on random meshes, held against the truth that the meshes were made from."""

from datetime import UTC, datetime

import pytest

from observe.demo.failing import Retries
from observe.demo.policy_truth import policy_truth, retry_effect
from observe.demo.random_policy_mesh import random_policy_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.recommend.engine import recommend
from observe.recommend.policy import RetryPolicy
from observe.recommend.retry_model import RetryRecommendation

START = datetime(2026, 3, 2, tzinfo=UTC)
KNOBS = RetryPolicy()


@pytest.fixture(scope="module", params=[21, 22])
def mesh(request):
    truth = random_policy_mesh(request.param, 24).starting(START)
    advice = recommend(snapshot_from_truth(truth, request.param, START))
    truths = {target: policy_truth(truth, target) for target in truth.targets}
    return truth, advice, truths


def _retries(advice):
    return {
        r.target.path: r
        for r in advice.recommendations
        if isinstance(r, RetryRecommendation) and "DEFAULT_TRIES_ON_PATH" not in r.reasons
    }


def _attempts(advice):
    return {path: r.proposed["attempts"] for path, r in _retries(advice).items()}


def _clear(truth, target, known):
    """Clearly more to cure than the policy asks for, and nothing that hides it."""
    service = truth.edges_of(target)[0][1].service
    requests = retry_effect(truth, target, Retries(attempts=0)).tries
    return (
        known.verdict == "curable"
        and (service.retries is None or service.retries.attempts == 0)
        and known.curable_failures >= 2 * KNOBS.least_failures
        and known.curable_failures / requests >= 2 * KNOBS.least_gain
    )


def test_what_retries_cure_is_retried(mesh):
    truth, advice, truths = mesh
    given = _attempts(advice)
    cut = {c.id for c in advice.plan if c.field == "attempts"}
    due = [t for t, known in truths.items() if _clear(truth, t, known) and f"retry/{t}" not in cut]
    assert len(due) >= 2
    assert [t for t in due if not given.get(t)] == []


@pytest.mark.parametrize("verdict", ["outage", "overload", "poison", "after_work", "stream"])
def test_what_retries_multiply_or_repeat_is_not_retried(mesh, verdict):
    _, advice, truths = mesh
    given = _attempts(advice)
    assert [t for t, known in truths.items() if known.verdict == verdict and given.get(t)] == []


def test_the_load_that_retries_add_is_as_predicted_and_below_the_cap(mesh):
    truth, advice, truths = mesh
    some = {t: r for t, r in _retries(advice).items() if r.proposed["attempts"]}
    for target, retry in some.items():
        conditions = frozenset(retry.proposed["retryOn"].split(","))
        effect = retry_effect(truth, target, Retries(retry.proposed["attempts"], conditions))
        predicted = retry.predicted.added_load_worst_hour
        assert predicted == pytest.approx(effect.added_load_worst_hour, rel=0.25, abs=5e-4), target
        assert predicted <= KNOBS.most_added_load
        assert retry.predicted_interval["addedLoadWorstHour"][1] <= KNOBS.most_added_load
        if truths[target].verdict == "curable":
            assert retry.predicted.success_after == pytest.approx(effect.success, abs=2e-3)


def test_no_path_of_calls_is_tried_more_often_than_the_bound(mesh):
    _, advice, _ = mesh
    worst = advice.worst_path
    assert worst is not None
    assert worst.product <= KNOBS.most_tries_per_path or worst.by_default


def test_every_target_ends_as_advice_or_with_a_reason(mesh):
    truth, advice, _ = mesh
    told = [r.target.path for r in advice.recommendations if r.kind == "retry"]
    told += [w.target.path for w in advice.withheld if w.kind == "retry"]
    assert sorted(told) == sorted(truth.targets)
