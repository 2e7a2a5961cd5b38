"""Sentences about recommendations, shared by every output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from observe.durations import parse_ms
from observe.errors import InputError
from observe.recommend.model import AnyRecommendation, Withheld
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.escape import shorten
from observe.report.format import (
    count_text,
    duration_text,
    length_text,
    quantile_name,
    setting_text,
    share_text,
)
from observe.report.lines import KIND_NAMES
from observe.target import Target


class HasTarget(Protocol):
    """A recommendation, what is withheld, or anything else about one target."""

    @property
    def target(self) -> Target:
        """What it is about."""


def current_text(item: TimeoutRecommendation | Withheld) -> str:
    """`2 s`, `none`, or `not known` when the settings were not given."""
    if item.current is None:
        return "not known"
    return setting_text(item.current.get("timeout"))


def proposed_text(recommendation: TimeoutRecommendation) -> str:
    """`850 ms`."""
    return setting_text(recommendation.proposed.get("timeout"))


def timeout_ms(settings: dict[str, object] | None) -> float | None:
    """The timeout of a `current` or `proposed` object in ms; None when there is none."""
    text = (settings or {}).get("timeout")
    try:
        return parse_ms(text) if isinstance(text, str) else None
    except InputError:
        return None


def action_text(recommendation: TimeoutRecommendation) -> str:
    """`raise the timeout from 300 ms to 850 ms`."""
    proposed = proposed_text(recommendation)
    now = timeout_ms(recommendation.current)
    new = timeout_ms(recommendation.proposed)
    if recommendation.severity == "ok":
        return f"keep the timeout of {current_text(recommendation)}"
    if now is None or new is None:
        return f"set a timeout of {proposed}"
    verb = "raise" if new > now else "lower"
    return f"{verb} the timeout from {current_text(recommendation)} to {proposed}"


def effect_text(recommendation: TimeoutRecommendation) -> str:
    """What the proposal does to requests: `cuts 0.05 % of requests, 88 a day`."""
    if recommendation.severity == "ok":
        return "no change needed"
    predicted, test = recommendation.predicted, recommendation.backtest
    before = test.current_fraction_cut if test else None
    tighter = before is not None and before > predicted.fraction_cut
    if predicted.fraction_cut <= 0:
        text = "cuts no request that was seen"
    elif predicted.requests_cut_per_day < 0.95:
        text = f"cuts {share_text(predicted.fraction_cut)} of requests, less than one a day"
    else:
        a_day = count_text(predicted.requests_cut_per_day)
        text = f"cuts {share_text(predicted.fraction_cut)} of requests, {a_day} a day"
    if tighter:
        return f"{text}, instead of {share_text(before)} today"
    return text


def backtest_text(recommendation: TimeoutRecommendation, policy: Policy) -> str:
    """The backtest as two sentences; says so when there is none."""
    test = recommendation.backtest
    if test is None:
        return "No backtest: one part of the window holds too few requests to judge."
    accepted = policy.timeout.false_timeout_rate
    low, high = test.fraction_cut_interval
    trained = length_text((test.trained_on[1] - test.trained_on[0]).total_seconds())
    tested = length_text((test.tested_on[1] - test.tested_on[0]).total_seconds())
    if low > accepted:
        verdict = f"more than the {share_text(accepted)} that is accepted"
    elif high > accepted:
        verdict = f"within noise of the {share_text(accepted)} that is accepted"
    else:
        verdict = f"within the {share_text(accepted)} that is accepted"
    text = (
        f"Learned on the first {trained}, the timeout would have been "
        f"{setting_text(test.timeout)}; over the {tested} that followed it would have cut "
        f"{share_text(test.fraction_cut)} of requests ({share_text(low)} to {share_text(high)}), "
        f"{verdict}."
    )
    if test.current_fraction_cut is not None:
        text += f" The current setting: {share_text(test.current_fraction_cut)}."
    return text


def derivation(recommendation: TimeoutRecommendation, policy: Policy) -> list[str]:
    """How the number came about, step by step, from the evidence and the policy alone."""
    evidence, knobs = recommendation.evidence, policy.timeout
    name = quantile_name(evidence.quantile)
    steps = [
        f"{share_text(1 - evidence.quantile)} of good requests may be cut, "
        f"so the {name} of successful answers decides.",
        f"The {name} is {duration_text(evidence.estimate_ms)}; with "
        f"{share_text(knobs.interval_confidence)} confidence it lies between "
        f"{duration_text(evidence.low_ms)} and {duration_text(evidence.high_ms)}.",
        f"{share_text(knobs.headroom)} of room on top of the upper end: "
        f"{duration_text(evidence.high_ms * (1 + knobs.headroom))}.",
    ]
    if "NARROW_SPREAD_PADDED" in recommendation.reasons:
        padded = evidence.median_ms * knobs.narrow_spread
        steps.append(
            f"At least {knobs.narrow_spread:g} times the median of "
            f"{duration_text(evidence.median_ms)}: {duration_text(padded)}."
        )
    if "MINIMUM_APPLIED" in recommendation.reasons:
        steps.append(f"No timeout is shorter than {duration_text(knobs.minimum_ms)}.")
    if "CALLER_RAISED_TO_CALLEE" in recommendation.reasons:
        steps.append("Raised to the longest timeout among the services that it calls.")
    steps.append(f"Rounded up: {proposed_text(recommendation)}.")
    return steps


def service_name(item: HasTarget) -> str:
    """Short name of the target."""
    return shorten(item.target.path.split("/", 2)[2] or "(no name)")


def place(item: HasTarget) -> str:
    """Namespace and cluster of the target."""
    cluster = f", cluster {shorten(item.target.cluster)}" if item.target.cluster else ""
    return f"{shorten(item.target.namespace or '(no namespace)')}{cluster}"


def names_text(items: Sequence[AnyRecommendation], most: int = 8) -> str:
    """`timeout of cart (shop), retries of payment (shop) and 3 more`."""
    text = ", ".join(
        f"{KIND_NAMES[item.kind]} of {service_name(item)} ({place(item)})" for item in items[:most]
    )
    return text + (f" and {len(items) - most} more" if len(items) > most else "")
