"""From a target's latency to one number: the timeout, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from observe.recommend.policy import TimeoutPolicy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_tail import Mask, Tail, busiest_steps, tail_of
from observe.signals.latency import TargetLatency
from observe.stats.histogram import merge
from observe.stats.quantile import fraction_above, quantile


@dataclass(frozen=True)
class Refusal:
    """Why no number is given, with a sentence for a person."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class CallerTail:
    """One client workload and what it sees; only callers with requests enough to judge."""

    namespace: str
    workload: str
    tail: Tail


@dataclass(frozen=True)
class TimeoutEstimate:
    """A timeout and what it was made from. Times in ms.

    Attributes:
        timeout_ms: the proposal, rounded up.
        governing: the tail whose upper bound decided.
        busy, week: tails over the busiest steps and over all normal steps.
        busy_steps: mask of the busiest steps (H).
        median_ms: median of successes over the normal steps.
        hung_up: share of the requests whose clients left later than the quantile.
        callers: callers that can be judged, busiest first.
        shaped_by: reason codes of the rules that moved the number.
    """

    timeout_ms: float
    governing: Tail
    busy: Tail
    week: Tail
    busy_steps: Mask
    median_ms: float
    hung_up: float
    callers: tuple[CallerTail, ...]
    shaped_by: tuple[Reason, ...]


def estimate_timeout(
    latency: TargetLatency, policy: TimeoutPolicy, normal: Mask, window_text: str
) -> TimeoutEstimate | Refusal:
    """The timeout of a target (docs/method.md, "Timeouts").

    Args:
        latency: the target's durations.
        policy: the knobs.
        normal: steps that are no incident (mask of H).
        window_text: such as "7 days", for messages.
    """
    success, cut = latency.histogram("success", steps=normal), latency.histogram("censored")
    needed = math.ceil(policy.expected_tail_requests / policy.false_timeout_rate)
    if success.total + cut.total < needed:
        return Refusal(
            Reason.TOO_FEW_REQUESTS,
            f"{success.total + cut.total:,.0f} requests in {window_text}; {needed:,} are needed "
            f"to judge a {quantile_name(1 - policy.false_timeout_rate)}",
        )
    busy_steps = busiest_steps(latency, policy, normal)
    busy, week = tail_of(latency, policy, busy_steps), tail_of(latency, policy, normal)
    refusal = _unresolved(busy, policy) or _unresolved(week, policy)
    if refusal:
        return refusal
    callers = _callers(latency, policy, normal, needed)
    governing, shaped = _governing(busy, week, callers)
    median = quantile(success, 0.5).value
    timeout, more = _choose(governing.interval.high, median, policy)
    gone = merge(latency.histogram(group, steps=normal) for group in ("gone", "left"))
    hung_up = fraction_above(gone, governing.interval.value).value * gone.total / week.requests
    return TimeoutEstimate(
        timeout_ms=timeout,
        governing=governing,
        busy=busy,
        week=week,
        busy_steps=busy_steps,
        median_ms=median,
        hung_up=hung_up if gone.total > 0 else 0.0,
        callers=callers,
        shaped_by=tuple(shaped + more),
    )


def quantile_name(level: float) -> str:
    """`p99.9` for 0.999."""
    return f"p{round(level * 100, 6):g}"


def round_up_ms(value: float) -> float:
    """The next number of ms that a person would write: never below, never 5 % above 100 ms.

    Steps of half the second significant digit, 1 ms at the least.
    """
    step = max(1.0, 10.0 ** (math.floor(math.log10(value)) - 1) / 2)
    return math.ceil(value / step - 1e-9) * step


def _unresolved(tail: Tail, policy: TimeoutPolicy) -> Refusal | None:
    level = quantile_name(1 - policy.false_timeout_rate)
    if not tail.identified:
        return Refusal(
            Reason.CENSORED_TAIL,
            f"{tail.censored:.2%} of the requests were cut before they could end, more than the "
            f"{policy.false_timeout_rate:.2%} that a {level} leaves: what lies beyond is unseen. "
            "Raise the timeout that cuts them for a week, then look again",
        )
    if not math.isfinite(tail.interval.high):
        edge = float(tail.survival.lower[-1])
        words = f"the {level} may lie beyond the last bucket ({edge:,.0f} ms), where durations "
        if edge <= 0:
            words = "the proxies' bucket layouts have no bound in common, so that durations "
        return Refusal(Reason.TAIL_BEYOND_BUCKETS, words + "are not told apart")
    return None


def _callers(
    latency: TargetLatency, policy: TimeoutPolicy, normal: Mask, needed: float
) -> tuple[CallerTail, ...]:
    """Callers with requests enough for a tail of their own, busiest first."""
    volumes = latency.counts["success"][:, normal].sum(axis=(1, 2))
    order = [int(i) for i in np.argsort(-volumes, kind="stable") if volumes[i] >= needed]
    return tuple(
        CallerTail(*latency.callers[i], tail_of(latency, policy, normal, caller=i)) for i in order
    )


def _governing(
    busy: Tail, week: Tail, callers: tuple[CallerTail, ...]
) -> tuple[Tail, list[Reason]]:
    """The tail that decides: the busiest hours, unless the week or one caller is slower.

    Clients that wait for an answer before they ask again send less when answers are slow: then
    the slow hours are not the busy ones.
    """
    pooled = max((busy, week), key=lambda tail: tail.interval.value)
    slower = [c.tail for c in callers if _surely_slower(c.tail, pooled)] if len(callers) > 1 else []
    if not slower:
        return pooled, []
    worst = max(slower, key=lambda tail: tail.interval.high)
    return worst, [Reason.CALLER_SLOWER]


def _surely_slower(one: Tail, other: Tail) -> bool:
    return (
        one.identified
        and math.isfinite(one.interval.high)
        and one.interval.low > other.interval.high
    )


def _choose(high_ms: float, median_ms: float, policy: TimeoutPolicy) -> tuple[float, list[Reason]]:
    value, reasons = high_ms * (1.0 + policy.headroom), []
    if value < policy.narrow_spread * median_ms:
        value, reasons = policy.narrow_spread * median_ms, [Reason.NARROW_SPREAD_PADDED]
    if value < policy.minimum_ms:
        value, reasons = policy.minimum_ms, [*reasons, Reason.MINIMUM_APPLIED]
    return round_up_ms(value), reasons
