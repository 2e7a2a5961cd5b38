"""Makes all tries of a request fit into the timeout of its route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observe.durations import duration_ms, istio_duration
from observe.recommend.model import PlanChange
from observe.recommend.plan_cut import with_attempts
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.retry_timing import BASE_BACKOFF_MS, longest_tries_ms


def fit_into_timeouts(
    retries: Sequence[RetryRecommendation], timeouts_ms: Mapping[str, float]
) -> tuple[list[RetryRecommendation], list[PlanChange]]:
    """Cut attempts until (attempts + 1) perTryTimeout + backoff fits; the timeout stays.

    The timeout is what good answers need; a longer one would hold every caller longer whenever
    something hangs. A single retry that does not fit loses its perTryTimeout instead: failures
    that come quickly, such as refused connections, are still retried within the timeout.

    Args:
        retries: the recommendations.
        timeouts_ms: target path → timeout (ms) of the route; absent: none, which fits anything.

    Returns:
        All recommendations in the same order, and what was changed.
    """
    fitting, changes = [], []
    for retry in retries:
        retry, found = _fitted(retry, timeouts_ms.get(retry.target.path))
        fitting.append(retry)
        changes += found
    return fitting, changes


def _fitted(
    retry: RetryRecommendation, timeout_ms: float | None
) -> tuple[RetryRecommendation, list[PlanChange]]:
    attempts = int(retry.proposed.get("attempts") or 0)
    per_try = retry.proposed.get("perTryTimeout")
    if timeout_ms is None or per_try is None or attempts == 0:
        return retry, []
    backoff = retry.proposed.get("backoff")
    base = float(duration_ms(backoff)) if backoff else BASE_BACKOFF_MS
    each = float(duration_ms(per_try))
    fits = [n for n in range(1, attempts + 1) if longest_tries_ms(n, each, base) <= timeout_ms]
    if attempts in fits:
        return retry, []
    text = istio_duration(timeout_ms)
    if fits:
        why = f"more tries of {per_try} each do not fit into the timeout of {text}"
        cut, change = with_attempts(retry, max(fits), Reason.TRIES_BEYOND_TIMEOUT, why)
        return cut, [change]
    return _without_per_try(retry, str(per_try), text)


def _without_per_try(
    retry: RetryRecommendation, per_try: str, timeout: str
) -> tuple[RetryRecommendation, list[PlanChange]]:
    why = f"two tries of {per_try} each do not fit into the timeout of {timeout}"
    message = f"{retry.message} {why[:1].upper()}{why[1:]}: only what fails sooner is tried again."
    proposed: dict[str, Any] = {**retry.proposed, "perTryTimeout": None}
    reasons = (*retry.reasons, Reason.TRIES_BEYOND_TIMEOUT.value)
    change = PlanChange(
        id=retry.id,
        field="perTryTimeout",
        before=per_try,
        after="none",
        reason=Reason.TRIES_BEYOND_TIMEOUT.value,
        message=f"{retry.target.path}: {why}",
    )
    update = {"proposed": proposed, "reasons": reasons, "message": message}
    return retry.model_copy(update=update), [change]
