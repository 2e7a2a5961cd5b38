"""All recommenders, in order, made to agree: a pure function of a snapshot and a policy."""

from __future__ import annotations

from observe.recommend.base_model import SEVERITIES
from observe.recommend.current import CurrentSettings
from observe.recommend.model import Advice, AnyRecommendation, Withheld
from observe.recommend.outliers import recommend_outliers
from observe.recommend.plan import load_factors, plan_retries, timeouts_that_hold
from observe.recommend.plan_pools import agree_on_pools
from observe.recommend.policy import Policy
from observe.recommend.pools import recommend_pools
from observe.recommend.retries import recommend_retries
from observe.recommend.targets import request_targets
from observe.recommend.timeouts import recommend_timeouts
from observe.signals.callgraph import call_graph
from observe.telemetry.snapshot import Snapshot

#: Among equally urgent recommendations these kinds come first.
_KINDS = ("timeout", "retry", "connectionPool", "outlierDetection")


def recommend(
    snapshot: Snapshot, policy: Policy | None = None, current: CurrentSettings | None = None
) -> Advice:
    """Everything that the telemetry of a window supports.

    Args:
        snapshot: the telemetry.
        policy: the knobs; the defaults when None.
        current: the settings that are there; nothing is known of them when None.

    Returns:
        The document `recommendations.json`, most urgent first. The same snapshot, policy and
        settings give the same document: `generatedAt` is the moment of collecting.
    """
    policy = policy or Policy()
    graph = call_graph(snapshot)
    timeouts, withheld, changes = recommend_timeouts(snapshot, policy, current, graph)
    hold = timeouts_that_hold(timeouts, withheld)
    retries, not_retried, defaults = recommend_retries(snapshot, policy, current, hold)
    targets = request_targets(snapshot)
    plan = plan_retries(retries, targets, graph, current, policy.retry, hold, defaults)
    advised = {retry.target.path for retry in plan.retries}
    not_retried = [w for w in not_retried if w.target.path not in advised]
    load = load_factors(plan.retries, graph)
    pools, not_pooled = recommend_pools(snapshot, policy, current, hold, load)
    outliers, not_ejected = recommend_outliers(snapshot, policy, current)
    pools, widened = agree_on_pools(pools, outliers, load)
    manifest = snapshot.manifest
    return Advice(
        generated_at=manifest.created_at,
        window=manifest.window,
        source=manifest.source,
        policy=policy.model_dump(mode="json", by_alias=True),
        recommendations=tuple(sorted([*timeouts, *plan.retries, *pools, *outliers], key=_urgency)),
        withheld=tuple(sorted([*withheld, *not_retried, *not_pooled, *not_ejected], key=_grouped)),
        plan=(*changes, *plan.changes, *widened),
        worst_path=plan.worst,
        missing=manifest.missing,
    )


def _urgency(recommendation: AnyRecommendation) -> tuple[int, int, float, str]:
    severity = -SEVERITIES.index(recommendation.severity)
    kind = _KINDS.index(recommendation.kind)
    return (severity, kind, -recommendation.evidence.requests, recommendation.id)


def _grouped(withheld: Withheld) -> tuple[int, str, str]:
    return (_KINDS.index(withheld.kind), withheld.reason, withheld.target.path)
