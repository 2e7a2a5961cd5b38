"""All recommenders, in order, made to agree: a pure function of a snapshot and a policy."""

from __future__ import annotations

from observe.recommend.base_model import SEVERITIES
from observe.recommend.current import CurrentSettings
from observe.recommend.model import Advice, AnyRecommendation
from observe.recommend.policy import Policy
from observe.recommend.timeouts import recommend_timeouts
from observe.signals.callgraph import call_graph
from observe.telemetry.snapshot import Snapshot


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
    proposals, withheld, changes = recommend_timeouts(
        snapshot, policy, current, call_graph(snapshot)
    )
    manifest = snapshot.manifest
    return Advice(
        generated_at=manifest.created_at,
        window=manifest.window,
        source=manifest.source,
        policy=policy.model_dump(mode="json", by_alias=True),
        recommendations=tuple(sorted(proposals, key=_urgency)),
        withheld=tuple(sorted(withheld, key=lambda w: (w.reason, w.target.path))),
        plan=tuple(changes),
        missing=manifest.missing,
    )


def _urgency(recommendation: AnyRecommendation) -> tuple[int, float, str]:
    severity = -SEVERITIES.index(recommendation.severity)
    return (severity, -recommendation.evidence.requests, recommendation.id)
