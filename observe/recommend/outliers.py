"""Outlier detection: one proposal per host and cluster of clients, or the reason why none.

Every target that telemetry knows ends either as a recommendation or as withheld. The method and
its sources stand in docs/method-outliers.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from observe.durations import istio_duration
from observe.recommend.current import CurrentSettings, CurrentTrafficPolicy
from observe.recommend.model import Withheld
from observe.recommend.outlier_backtest import backtest_outliers
from observe.recommend.outlier_confidence import OutlierGrounds, outlier_confidence
from observe.recommend.outlier_draft import Draft, draft_of
from observe.recommend.outlier_evidence import outlier_evidence, outlier_message, predict
from observe.recommend.outlier_judgement import (
    current_settings,
    judge_outliers,
    thresholds_set,
)
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.outlier_telemetry import Telemetry
from observe.recommend.outlier_thresholds import Thresholds
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.targets import coverage_by_target, request_targets
from observe.recommend.timeout_estimate import Refusal
from observe.target import Target
from observe.telemetry.manifest import Window
from observe.telemetry.snapshot import Snapshot

_VARY = 2.0
#: Retries that Istio does where nothing is set.
_MESH_DEFAULT = 2


@dataclass(frozen=True)
class _Run:
    """What is the same for all targets."""

    telemetry: Telemetry
    policy: Policy
    window: Window
    coverage: dict[str, float]
    partial: bool
    known: bool


def recommend_outliers(
    snapshot: Snapshot, policy: Policy, current: CurrentSettings | None
) -> tuple[list[OutlierRecommendation], list[Withheld]]:
    """Outlier detection, or the reason why there is none, for every target; sorted by target.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
    """
    run = _run(snapshot, policy, current)
    proposals: list[OutlierRecommendation] = []
    withheld: list[Withheld] = []
    for target in request_targets(snapshot):
        now = current.traffic_policy_for(target.service or "", target.cluster) if current else None
        result = _draft(target, _attempts(target, current), run)
        if isinstance(result, Draft):
            proposals.append(_recommendation(target, result, now, run))
        else:
            withheld.append(
                Withheld(
                    kind="outlierDetection",
                    target=target,
                    reason=result.reason.value,
                    message=result.message,
                    current=current_settings(now, run.known),
                )
            )
    return proposals, withheld


def draft_for(
    target: Target, snapshot: Snapshot, policy: Policy, current: CurrentSettings | None
) -> Draft | None:
    """What a recommendation for one target is made of; None where it is withheld.

    Args:
        target: one that the snapshot knows.
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
    """
    run = _run(snapshot, policy, current)
    draft = _draft(target, _attempts(target, current), run)
    return draft if isinstance(draft, Draft) else None


def _run(snapshot: Snapshot, policy: Policy, current: CurrentSettings | None) -> _Run:
    return _Run(
        Telemetry(snapshot),
        policy,
        snapshot.manifest.window,
        coverage_by_target(snapshot),
        bool(snapshot.manifest.missing),
        current is not None,
    )


def _attempts(target: Target, current: CurrentSettings | None) -> int:
    """Retries that are in force; the mesh's default where nothing else is known."""
    routes = current.retries_for(target.service or "", target.cluster) if current else ()
    known = [_MESH_DEFAULT if r.attempts is None else r.attempts for r in routes]
    return max(known, default=_MESH_DEFAULT)


def _draft(target: Target, attempts: int, run: _Run) -> Draft | Refusal:
    if not run.telemetry.registered(target):
        return Refusal(
            Reason.NOT_A_SERVICE,
            "traffic to a host that the mesh does not know: add a ServiceEntry first",
        )
    observed = run.telemetry.of(target, attempts)
    if observed is None and run.telemetry.speaks(target):
        return Refusal(Reason.TOO_FEW_REQUESTS, "no requests came in this window")
    if observed is None:
        return Refusal(
            Reason.SOURCE_WITHOUT_METRICS,
            "only the server reports: its clients have no sidecar or are not scraped, and hosts "
            "are ejected at the client",
        )
    cut = run.policy.timeout.false_timeout_rate
    return draft_of(observed, run.window, run.policy.outlier_detection, cut)


def _recommendation(
    target: Target, draft: Draft, now: CurrentTrafficPolicy | None, run: _Run
) -> OutlierRecommendation:
    chosen, policy = draft.settings, run.policy.outlier_detection
    proposed = Thresholds(chosen.errors, chosen.gateway)
    failed = bool(draft.episodes)
    verdict = judge_outliers(now, run.known, draft.base, proposed, draft.replicas, failed, policy)
    test = backtest_outliers(draft.observed, draft.episodes, chosen, run.window, policy)
    coverage = run.coverage.get(target.path, 0.0)
    grounds = _grounds(draft, now, coverage, run)
    weeks = run.window.days * (1 - policy.training_share) / 7.0
    confidence, doubts = outlier_confidence(grounds, test, weeks, run.policy)
    predicted, intervals = predict(draft, verdict.false_ejections)
    reasons = (verdict.reason, *_shaped_by(draft), *doubts)
    return OutlierRecommendation(
        id=f"outlierDetection/{target.path}",
        target=target,
        current=verdict.current,
        proposed=_proposed(draft),
        confidence=confidence,
        severity=verdict.severity,
        reasons=tuple(dict.fromkeys(reason.value for reason in reasons)),
        message=outlier_message(draft, verdict.words, predicted.errors_avoided_fraction),
        evidence=outlier_evidence(draft, coverage),
        predicted=predicted,
        predicted_interval=intervals,
        backtest=test,
    )


def _proposed(draft: Draft) -> dict[str, Any]:
    chosen = draft.settings
    return {
        "consecutive5xxErrors": chosen.errors,
        "consecutiveGatewayErrors": chosen.gateway or None,
        "interval": istio_duration(1000 * chosen.interval),
        "baseEjectionTime": istio_duration(1000 * chosen.base),
        "maxEjectionPercent": draft.limits.percent,
        "minHealthPercent": draft.limits.health,
    }


def _shaped_by(draft: Draft) -> list[Reason]:
    codes = {
        Reason.HOST_FAILED_ALONE: bool(draft.episodes),
        Reason.GATEWAY_ERRORS_FIRST: draft.judged_by == "gateway",
        Reason.OUTAGE_LEFT_OUT: draft.base.outage > 0,
        Reason.FAILURES_HIDDEN_BY_RETRIES: draft.base.errors.unseen[1] > draft.base.errors.high,
        Reason.TWO_HOSTS: draft.replicas.fewest == 2,
        Reason.REPLICAS_VARY: draft.replicas.most >= _VARY * draft.replicas.fewest,
    }
    return [code for code, holds in codes.items() if holds]


def _grounds(
    draft: Draft, now: CurrentTrafficPolicy | None, coverage: float, run: _Run
) -> OutlierGrounds:
    observed = draft.observed
    unseen = int(observed.cells.step.min()) * draft.step_seconds / 86_400
    have = thresholds_set(now.outlier_detection) if now and now.outlier_detection else None
    ejecting = have is not None and have != Thresholds(0, 0)
    return OutlierGrounds(
        days=run.window.days - unseen,
        coverage=coverage,
        partial=run.partial,
        failed_alone=bool(draft.episodes),
        hosts_reported=draft.replicas.reported,
        proxies_known=draft.callers.known,
        borne=draft.limits.borne,
        dependence=draft.base.errors.dependence.low,
        grpc=observed.cells.grpc,
        ejecting=ejecting or bool(observed.ejections),
    )
