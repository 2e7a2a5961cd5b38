"""The numbers and the sentence that go with a retry policy, and its backtest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from observe.recommend.policy import RetryPolicy
from observe.recommend.reasons import Reason
from observe.recommend.retry_choice import Choice, choose
from observe.recommend.retry_load import effect_of
from observe.recommend.retry_model import (
    EnvoyRetries,
    FailureClass,
    RetryBacktest,
    RetryEvidence,
    RetryPredicted,
)
from observe.recommend.retry_pattern import Pattern, pattern_of
from observe.recommend.timeout_estimate import Refusal
from observe.signals.failure_series import FailureSeries
from observe.stats.interval import proportion_interval
from observe.telemetry.manifest import Window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CURABLE = "curable"


def retry_evidence(
    series: FailureSeries,
    pattern: Pattern,
    coarse_of_fine: Ints,
    confidence: float,
    *,
    hosts: int | None,
    coverage: float,
) -> RetryEvidence:
    """What the policy was computed from; fractions are of all requests of the window."""
    total = float(series.requests.sum())
    failing = pattern.requests * pattern.first
    curable = pattern.curable / max(total, 1e-9)
    low, high = proportion_interval(
        min(pattern.curable, total), total, confidence, max(1.0, pattern.effect)
    )
    repeat = pattern.repeat
    r_low, r_high = proportion_interval(repeat * failing.sum(), failing.sum(), confidence)
    reported = series.tries.sum() > 0
    sent = np.nansum(series.retries) if np.isfinite(series.retries).any() else None
    return RetryEvidence(
        requests=total,
        failures=float(sum(v.sum() for v in series.failures.values())),
        curable_fraction=curable,
        curable_low=min(low, curable),
        curable_high=max(high, curable),
        overload_fraction=float(series.of("overload").sum()) / max(total, 1e-9),
        repeat_fraction=repeat,
        repeat_low=min(r_low, repeat),
        repeat_high=max(r_high, repeat),
        dispersion=pattern.effect,
        clustered_fraction=pattern.multiplied / max(float(failing.sum()), 1e-9),
        worst_hour_fraction=_worst_hour(failing, pattern.requests, coarse_of_fine),
        amplification=float(series.tries.sum()) / total if reported and total > 0 else None,
        envoy=None if sent is None else EnvoyRetries(retries=float(sent)),
        hosts=hosts,
        classes=_classes(series),
        coverage=coverage,
    )


def _worst_hour(failing: Floats, requests: Floats, coarse_of_fine: Ints) -> float:
    """Share of the requests that fail in the coarse step in which it is highest."""
    hours = int(coarse_of_fine[-1]) + 1
    by_hour = np.bincount(coarse_of_fine, weights=failing, minlength=hours)
    in_hour = np.bincount(coarse_of_fine, weights=requests, minlength=hours)
    share = np.divide(by_hour, in_hour, out=np.zeros(hours), where=in_hour > 0)
    return float(share.max())


def _classes(series: FailureSeries) -> tuple[FailureClass, ...]:
    return tuple(
        FailureClass(
            code=c.code,
            flags=c.flags,
            grpc_status=c.grpc_status,
            cure=c.cure,
            requests=c.requests,
        )
        for c in series.classes
    )


def predict_retries(
    series: FailureSeries, pattern: Pattern, choice: Choice, confidence: float
) -> tuple[RetryPredicted, dict[str, tuple[float, float]]]:
    """The effect on the window, and its intervals; success before is that without any retry."""
    total = max(float(series.requests.sum()), 1e-9)
    others = sum(float(v.sum()) for cure, v in series.failures.items() if cure != _CURABLE)
    lost = float((pattern.requests * pattern.first).sum())
    before = max(0.0, 1.0 - (others + lost) / total)
    effect = choice.effect
    predicted = RetryPredicted(
        success_before=before,
        success_after=min(1.0, before + effect.cured),
        added_load=effect.added,
        added_load_worst_hour=effect.worst,
    )
    if choice.attempts == 0:
        return predicted, {}
    low, high = proportion_interval(min(lost, total), total, confidence, max(1.0, pattern.effect))
    down, up = (low * total / lost, high * total / lost) if lost > 0 else (1.0, 1.0)
    return predicted, {
        "successAfter": (before + effect.cured * down, min(1.0, before + effect.cured * up)),
        "addedLoad": (effect.added * down, effect.added * up),
        "addedLoadWorstHour": effect.worst_interval,
    }


def backtest_retries(
    series: FailureSeries,
    active: Floats,
    coarse_of_fine: Ints,
    window: Window,
    policy: RetryPolicy,
    several_hosts: bool,
) -> RetryBacktest | None:
    """What the first part of the window alone would have advised, on the rest.

    Returns:
        None where either part is without requests, or the first alone gives nothing to say.
    """
    if coarse_of_fine.size == 0:
        return None
    cut = round(policy.training_share * (int(coarse_of_fine[-1]) + 1))
    late = coarse_of_fine >= cut
    if not series.requests[~late].any() or not series.requests[late].any():
        return None
    learned = _learned(series, active, coarse_of_fine, cut, policy, several_hosts)
    if learned is None:
        return None
    confidence = policy.interval_confidence
    part, coarse = _part(series, late, slice(cut, None)), coarse_of_fine[late] - cut
    pattern = pattern_of(part, coarse, confidence, several_hosts)
    effect = effect_of(pattern, learned.attempts, learned.budget, active[late], coarse, confidence)
    tested = replace(learned, effect=effect)
    predicted, _ = predict_retries(part, pattern, tested, confidence)
    middle = _moment(window, cut)
    return RetryBacktest(
        trained_on=(window.start, middle),
        tested_on=(middle, window.end),
        attempts=learned.attempts,
        success_before=predicted.success_before,
        success_after=predicted.success_after,
        added_load=effect.added,
        added_load_worst_hour=effect.worst,
        added_load_worst_hour_interval=effect.worst_interval,
    )


def _learned(
    series: FailureSeries,
    active: Floats,
    coarse_of_fine: Ints,
    cut: int,
    policy: RetryPolicy,
    several_hosts: bool,
) -> Choice | None:
    """What the coarse steps before `cut` alone would have advised."""
    early = coarse_of_fine < cut
    first = _part(series, early, slice(None, cut))
    pattern = pattern_of(first, coarse_of_fine[early], policy.interval_confidence, several_hosts)
    learned = choose(first, pattern, active[early], coarse_of_fine[early], policy)
    return None if isinstance(learned, Refusal) else learned


def retry_message(series: FailureSeries, pattern: Pattern, choice: Choice, judged: str) -> str:
    """One sentence or two for a person."""
    total = max(float(series.requests.sum()), 1e-9)
    share = pattern.curable / total
    if choice.reason == Reason.DEFAULT_TRIES_ON_PATH and choice.budget is not None:
        return f"{judged} They stay, held by a retryBudget of {choice.budget.percent:g} %."
    if choice.attempts:
        tries = "one retry" if choice.attempts == 1 else f"{choice.attempts} retries"
        return (
            f"{share:.3%} of the first tries fail in a way that the next cures; {tries} would "
            f"leave {max(0.0, share - choice.effect.cured):.4%} and add {choice.effect.worst:.2%} "
            f"to the load in the worst hour. {judged}"
        )
    refused = float(series.of("overload").sum()) / total
    why = {
        Reason.RETRIES_FEED_OVERLOAD: (
            f"{refused:.3%} of the requests were refused for overload"
            if refused > 0
            else f"{share:.3%} of the tries fail, whenever the load is high"
        )
        + ": retries would add to what makes them fail.",
        Reason.RETRIES_MULTIPLY_OUTAGES: f"{pattern.multiplied:,.0f} of "
        f"{pattern.multiplied + pattern.curable:,.0f} failures came in outages, in which every "
        "try fails: retries only multiply the load then.",
    }
    beyond = (
        f"{share:.3%} of the tries could be cured, but in the worst hour retries would add more "
        "than the load that is accepted, and a budget cannot hold them below it."
    )
    return f"{why.get(choice.reason or Reason.RETRIES_ABOVE_LOAD, beyond)} {judged}"


def _part(series: FailureSeries, steps: NDArray[np.bool_], coarse: slice) -> FailureSeries:
    return replace(
        series,
        requests=series.requests[steps],
        failures={cure: values[steps] for cure, values in series.failures.items()},
        exhausted=series.exhausted[steps],
        stuck=series.stuck[steps],
        tries=series.tries[steps],
        failed_tries=series.failed_tries[steps],
        retries=series.retries[coarse],
        mean_ms=series.mean_ms[steps],
    )


def _moment(window: Window, coarse: int) -> datetime:
    return window.start + timedelta(seconds=coarse * window.coarse_step_seconds)
