"""How the retries that are set compare with the ones that are proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from observe.recommend.base_model import Severity
from observe.recommend.current import CurrentRetries
from observe.recommend.reasons import Reason
from observe.recommend.retry_choice import Choice
from observe.recommend.retry_timing import DEFAULT_ATTEMPTS

#: Conditions of `retryOn` that match what failed although the server may have done the work;
#: codes of answers do, too (Envoy, `x-envoy-retry-on` and `x-envoy-retry-grpc-on`).
_AFTER_WORK = frozenset(
    {"5xx", "gateway-error", "reset", "retriable-4xx", "internal", "deadline-exceeded"}
)


@dataclass(frozen=True)
class RetryJudgement:
    """The verdict on what is set today.

    Attributes:
        reason: the code that leads the list of reasons.
        severity: how urgent a change is.
        words: the verdict as a sentence.
    """

    reason: Reason
    severity: Severity
    words: str


def current_retries(routes: Sequence[CurrentRetries], known: bool) -> dict[str, Any] | None:
    """The `current` object: the most attempts of the routes, and where they stand.

    Args:
        routes: one entry a route; none where no object defines the host.
        known: whether the settings of the mesh were given at all; None comes back when not.
    """
    if not known:
        return None
    if not routes:
        return {"attempts": None, "source": None}
    most = max(routes, key=_attempts)
    return {
        "attempts": most.attempts,
        "perTryTimeout": None
        if most.per_try_timeout_ms is None
        else f"{most.per_try_timeout_ms:.0f}ms",
        "retryOn": ",".join(most.retry_on) or None,
        "source": most.source,
    }


def judge_retries(
    choice: Choice,
    routes: Sequence[CurrentRetries],
    known: bool,
    cured: float,
    outage: float,
    *,
    repeatable: bool = False,
    bounded: bool = True,
) -> RetryJudgement:
    """Compare what is set with what is proposed.

    Args:
        choice: the proposal.
        routes: what is set, one entry a route.
        known: whether the settings of the mesh were given at all.
        cured: share of the requests that the proposal cures.
        outage: share of the requests that failed in outages.
        repeatable: whether the host's requests may be carried out twice.
        bounded: whether a retryBudget is set.
    """
    if choice.attempts == 0:
        return _off(choice, routes, known, outage)
    if not known:
        words = "What is set is not known; without a setting, Istio makes two attempts."
        return RetryJudgement(Reason.RETRY_UNKNOWN, "info", words)
    said = [r.attempts for r in routes if r.attempts is not None]
    if not said:
        words = "Nothing is set, so that Istio makes two attempts, which nothing bounds."
        return RetryJudgement(Reason.RETRY_DEFAULT_UNBOUND, "info", words)
    if min(said) == 0:
        words = f"Retries are off, and {cured:.2%} of the requests fail that would succeed."
        return RetryJudgement(Reason.RETRY_MISSING, "warning", words)
    unsafe = () if repeatable else _unsafe(routes)
    if unsafe:
        words = f"retryOn {','.join(unsafe)} also repeats what the server may have done already."
        return RetryJudgement(Reason.RETRY_ON_UNSAFE, "warning", words)
    if max(said) > choice.attempts:
        words = f"{max(said)} attempts are set, which cure no more."
        return RetryJudgement(Reason.RETRY_TOO_MANY, "info", words)
    if not bounded:
        words = "The attempts that are set fit, and no retryBudget bounds them."
        return RetryJudgement(Reason.RETRY_NO_BUDGET, "info", words)
    return RetryJudgement(Reason.RETRY_FITS, "ok", "The attempts that are set fit.")


def _unsafe(routes: Sequence[CurrentRetries]) -> tuple[str, ...]:
    """Conditions of routes that retry, which match failures after the server had begun."""
    words = {word.strip() for r in routes if _attempts(r) > 0 for word in r.retry_on}
    return tuple(sorted(w for w in words if w in _AFTER_WORK or w.isdigit()))


def _off(
    choice: Choice, routes: Sequence[CurrentRetries], known: bool, outage: float
) -> RetryJudgement:
    reason = choice.reason or Reason.RETRIES_ABOVE_LOAD
    today = max((_attempts(r) for r in routes), default=DEFAULT_ATTEMPTS)
    if known and today == 0:
        return RetryJudgement(reason, "ok", "They are off, and should stay so.")
    set_here = any(r.attempts for r in routes)
    severity: Severity = "warning" if set_here else "info"
    who = f"{today} attempts are set." if set_here else "Istio's default is two attempts."
    if not known:
        who = "What is set is not known; without a setting, Istio makes two attempts."
    if reason == Reason.RETRIES_MULTIPLY_OUTAGES and outage > 0.01:
        severity = "warning"
    return RetryJudgement(reason, severity, who)


def _attempts(route: CurrentRetries) -> int:
    return DEFAULT_ATTEMPTS if route.attempts is None else route.attempts
