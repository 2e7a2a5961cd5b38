"""How the timeout that is set compares with the one that is proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from observe.durations import istio_duration
from observe.recommend.base_model import Severity
from observe.recommend.current import CurrentTimeout, shortest_timeout
from observe.recommend.policy import TimeoutPolicy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import TimeoutEstimate


@dataclass(frozen=True)
class Judgement:
    """The verdict on what is set today.

    Attributes:
        reason: the code that leads the list of reasons.
        severity: how urgent a change is.
        words: the verdict as a sentence.
        current: the `current` object of the recommendation; None when nothing is known.
        also: further codes.
    """

    reason: Reason
    severity: Severity
    words: str
    current: dict[str, Any] | None
    also: tuple[Reason, ...] = ()


def current_settings(now: CurrentTimeout | None, known: bool) -> dict[str, Any] | None:
    """The `current` object: `timeout` (null: none set), where it stands, routes that differ.

    Args:
        now: what is set for the host; None when no object defines it.
        known: whether the settings of the mesh were given at all; None comes back when not.
    """
    if now is None:
        return {"timeout": None, "source": None} if known else None
    shortest = shortest_timeout(now)
    settings: dict[str, Any] = {
        "timeout": None if shortest is None else istio_duration(shortest),
        "source": now.source,
    }
    if len(set(now.route_timeouts_ms)) > 1:
        settings["routeTimeouts"] = [
            None if t is None else istio_duration(t) for t in now.route_timeouts_ms
        ]
    return settings


def judge_timeout(
    estimate: TimeoutEstimate, now: CurrentTimeout | None, known: bool, policy: TimeoutPolicy
) -> Judgement:
    """Compare what is set with what is proposed; see :func:`current_settings`."""
    shortest = shortest_timeout(now)
    settings = current_settings(now, known)
    also = (Reason.SEVERAL_ROUTES,) if now and len(set(now.route_timeouts_ms)) > 1 else ()
    if shortest is None:
        return _none_set(estimate, settings, also)
    ratio = shortest / estimate.timeout_ms
    have = f"The timeout is {istio_duration(shortest)}"
    too_tight = shortest < estimate.governing.interval.low
    if too_tight and also and estimate.week.censored <= policy.false_timeout_rate:
        words = f"{have} on one of the routes and cuts hardly any: its answers may be quicker."
        return Judgement(Reason.TIMEOUT_TOO_TIGHT, "warning", words, settings, also)
    if too_tight:
        words = f"{have}, which cuts good answers in the busiest hours."
        return Judgement(Reason.TIMEOUT_TOO_TIGHT, "critical", words, settings, also)
    if now and None in now.route_timeouts_ms and ratio >= 1.0 - policy.tolerance:
        words = f"{have} on some routes, and none on others: a hung call there waits for ever."
        return Judgement(Reason.TIMEOUT_NONE_SET, "warning", words, settings, also)
    if ratio > policy.loose_factor:
        words = f"{have}, {ratio:.1f} times what is needed: a hung call holds its caller that long."
        return Judgement(Reason.TIMEOUT_TOO_LOOSE, "info", words, settings, also)
    if ratio >= 1.0 - policy.tolerance:
        words = f"{have}, which fits."
        return Judgement(Reason.TIMEOUT_FITS, "ok", words, settings, also)
    words = f"{have}, which leaves too little room above the slowest good answers."
    return Judgement(Reason.TIMEOUT_TOO_TIGHT, "warning", words, settings, also)


def _none_set(
    estimate: TimeoutEstimate, settings: dict[str, Any] | None, also: tuple[Reason, ...]
) -> Judgement:
    if estimate.week.censored > 0:
        words = f"{estimate.week.censored:.3%} of the requests are cut by a timeout " + (
            "whose setting was not given."
            if settings is None
            else "that no VirtualService sets: a header or a deadline of the clients does."
        )
        return Judgement(Reason.TIMEOUT_UNKNOWN, "warning", words, settings, also)
    words = "No timeout is set: a hung call holds its caller for ever."
    if settings is None:
        words = "What is set is not known: without a timeout a hung call holds its caller for ever."
        return Judgement(Reason.TIMEOUT_UNKNOWN, "warning", words, settings, also)
    return Judgement(Reason.TIMEOUT_NONE_SET, "warning", words, settings, also)
