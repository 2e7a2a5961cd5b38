"""Errors in a row that were not chosen."""

from __future__ import annotations

from collections.abc import Mapping

from observe.recommend.current import CurrentSettings
from observe.recommend.outlier_draft import Draft
from observe.recommend.outlier_judgement import thresholds_set
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.outlier_thresholds import Thresholds
from observe.recommend.outliers import draft_for
from observe.recommend.policy import OutlierPolicy, Policy
from observe.report.format import count_text, duration_text, interval_text
from observe.report.others import Other
from observe.telemetry.snapshot import Snapshot


def outlier_others(
    recommendation: OutlierRecommendation,
    snapshot: Snapshot,
    policy: Policy,
    current: CurrentSettings | None = None,
) -> list[Other]:
    """One error in a row fewer, one more, and what is set: false ejections, and how soon."""
    draft = draft_for(recommendation.target, snapshot, policy, current)
    if draft is None:
        return []
    proposed = Thresholds(draft.settings.errors, draft.settings.gateway)
    k = _fewest(proposed)
    settings = {_with(proposed, n) for n in (k - 1, k, k + 1) if n > 0}
    now = (recommendation.current or {}).get("outlierDetection")
    today = thresholds_set(now) if isinstance(now, Mapping) and now else None
    if today is not None and _fewest(today):
        settings.add(today)
    marks = {today: " (today)", proposed: " (proposed)"}
    return [
        Other(
            f"{_row_text(have)}{marks.get(have, '')}",
            _effect(have, draft),
            "" if have == proposed else _verdict(have, draft, policy.outlier_detection),
        )
        for have in sorted(settings, key=lambda each: (_fewest(each), each.errors))
    ]


def _row_text(have: Thresholds) -> str:
    kind = "gateway errors" if have.gateway == _fewest(have) else "errors"
    return f"{_fewest(have)} {kind} in a row"


def _effect(have: Thresholds, draft: Draft) -> str:
    low, false, high = _ejections(have, draft)
    number = interval_text(false, (low, high), count_text)
    out = duration_text(1_000 * _fewest(have) / draft.callers.rate)
    return f"ejects healthy hosts {number} times a week; a dead one is out after {out}"


def _ejections(have: Thresholds, draft: Draft) -> tuple[float, float, float]:
    """False ejections a week: the estimate between the ends of its interval."""
    base = draft.base
    low, middle = (base.ejections(have.errors, have.gateway, end) for end in ("low", "middle"))
    return low, middle, base.ejections(have.errors, have.gateway, "high")


def _verdict(have: Thresholds, draft: Draft, policy: OutlierPolicy) -> str:
    accepted = count_text(policy.false_ejections_per_week)
    if _ejections(have, draft)[2] >= policy.false_ejections_per_week:
        return f"may eject more than the {accepted} a week that is accepted"
    if _fewest(have) < policy.lowest_consecutive:
        return f"the policy asks for {policy.lowest_consecutive} at the least (lowestConsecutive)"
    return f"slower; less than the accepted {accepted} a week already"


def _fewest(have: Thresholds) -> int:
    """The errors in a row that eject first; 0 when nothing does."""
    return min((n for n in (have.errors, have.gateway) if n > 0), default=0)


def _with(proposed: Thresholds, n: int) -> Thresholds:
    """The proposal with another number of the errors that eject first."""
    if proposed.gateway:
        return Thresholds(proposed.errors, n)
    return Thresholds(n, 0)
