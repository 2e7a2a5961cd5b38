"""A retry recommendation with fewer attempts than it would have alone."""

from __future__ import annotations

from typing import Any

from observe.recommend.base_model import Severity
from observe.recommend.model import PlanChange
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import RetryBacktest, RetryPredicted, RetryRecommendation


def with_attempts(
    retry: RetryRecommendation, attempts: int, reason: Reason, why: str
) -> tuple[RetryRecommendation, PlanChange]:
    """The same with fewer attempts, what they are predicted to do, and the change.

    When one try fails, the next fails with probability q (`evidence.repeatFraction`). The first n
    retries cure f (1 - q^n) of all requests, and the gain and the load that they add shrink from
    m to n attempts by the same factor (1 - q^n) / (1 - q^m). Bounds by a retry budget stay.

    Args:
        retry: the recommendation.
        attempts: how many are left, fewer than it asks for.
        reason: code of what took them away.
        why: the same as a sentence without its full stop.
    """
    wished = int(retry.proposed["attempts"])
    share = remaining_share(retry.evidence.repeat_fraction, attempts, wished)
    proposed: dict[str, Any] = {**retry.proposed, "attempts": attempts}
    changed = retry.model_copy(
        update={
            "proposed": proposed if attempts else {"attempts": 0},
            "predicted": _less(retry.predicted, share),
            "predicted_interval": _less_in_intervals(retry, share),
            "backtest": _less_in_backtest(retry.backtest, attempts, share),
            "severity": _severity(retry, attempts),
            "reasons": (*retry.reasons, reason.value),
            "message": f"{retry.message} {why[:1].upper()}{why[1:]}: {_left(attempts, wished)}.",
        }
    )
    return changed, PlanChange(
        id=retry.id,
        field="attempts",
        before=str(wished),
        after=str(attempts),
        reason=reason.value,
        message=f"{retry.target.path}: {why}",
    )


def remaining_share(repeat: float, attempts: int, of: int) -> float:
    """What the first attempts do of what all do, (1 - q^n) / (1 - q^m); 0 when there are none."""
    if of <= 0 or attempts <= 0:
        return 0.0
    return sum(repeat**n for n in range(attempts)) / sum(repeat**n for n in range(of))


def _left(attempts: int, wished: int) -> str:
    return f"of {wished} attempts {attempts or 'none'} {'are' if attempts > 1 else 'is'} left"


def _severity(retry: RetryRecommendation, attempts: int) -> Severity:
    """Still urgent where today's retries do harm; nothing to do where they are what is left."""
    today = (retry.current or {}).get("attempts")
    if today == attempts:
        return "ok"
    harmful = retry.severity in ("warning", "critical")
    return retry.severity if harmful and isinstance(today, int) and today > attempts else "info"


def _less(predicted: RetryPredicted, share: float) -> RetryPredicted:
    gain = predicted.success_after - predicted.success_before
    return predicted.model_copy(
        update={
            "success_after": round(predicted.success_before + gain * share, 10),
            "added_load": round(predicted.added_load * share, 10),
            "added_load_worst_hour": round(predicted.added_load_worst_hour * share, 10),
        }
    )


def _less_in_intervals(retry: RetryRecommendation, share: float) -> dict[str, tuple[float, float]]:
    base = {"successAfter": retry.predicted.success_before}
    scaled = dict(retry.predicted_interval)
    for name in ("successAfter", "addedLoad", "addedLoadWorstHour"):
        if name in scaled:
            start = base.get(name, 0.0)
            low, high = (start + (end - start) * share for end in scaled[name])
            scaled[name] = (round(low, 10), round(high, 10))
    return scaled


def _less_in_backtest(
    test: RetryBacktest | None, attempts: int, share: float
) -> RetryBacktest | None:
    if test is None:
        return None
    gain = test.success_after - test.success_before
    low, high = test.added_load_worst_hour_interval
    return test.model_copy(
        update={
            "attempts": attempts,
            "success_after": round(test.success_before + gain * share, 10),
            "added_load": round(test.added_load * share, 10),
            "added_load_worst_hour": round(test.added_load_worst_hour * share, 10),
            "added_load_worst_hour_interval": (round(low * share, 10), round(high * share, 10)),
        }
    )
