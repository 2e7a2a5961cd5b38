"""A timeout recommendation in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.durations import parse_ms
from observe.errors import InputError
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.format import (
    count_text,
    duration_text,
    plural,
    quantile_name,
    setting_text,
    share_text,
    significant,
    span_text,
)
from observe.report.lines import Lines, learned_text, verdict_text
from observe.report.quality import Fact


def timeout_lines(recommendation: TimeoutRecommendation, policy: Policy) -> Lines:
    """Everything that is told of a timeout."""
    test = recommendation.backtest
    accepted = policy.timeout.false_timeout_rate
    return Lines(
        now=timeout_now(recommendation.current),
        proposed=setting_text(recommendation.proposed.get("timeout")),
        action=_action(recommendation),
        effect=_effect(recommendation),
        evidence=_evidence(recommendation, policy),
        predicted=_predicted(recommendation),
        steps=_steps(recommendation, policy),
        backtest=_backtest(recommendation, accepted),
        held=None if test is None else test.fraction_cut_interval[0] <= accepted,
    )


def timeout_now(current: Mapping[str, Any] | None) -> str:
    """`2 s`, `none`, or `not known` when the settings were not given."""
    return "not known" if current is None else setting_text(current.get("timeout"))


def timeout_ms(settings: Mapping[str, Any] | None) -> float | None:
    """The timeout of a `current` or `proposed` object in ms; None when there is none."""
    text = (settings or {}).get("timeout")
    try:
        return parse_ms(text) if isinstance(text, str) else None
    except InputError:
        return None


def _action(recommendation: TimeoutRecommendation) -> str:
    proposed = setting_text(recommendation.proposed.get("timeout"))
    current = timeout_now(recommendation.current)
    now = timeout_ms(recommendation.current)
    new = timeout_ms(recommendation.proposed)
    if recommendation.severity == "ok":
        return f"keep the timeout of {current}"
    if now is None or new is None:
        return f"set a timeout of {proposed}"
    verb = "raise" if new > now else "lower"
    return f"{verb} the timeout from {current} to {proposed}"


def _effect(recommendation: TimeoutRecommendation) -> str:
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


def _evidence(recommendation: TimeoutRecommendation, policy: Policy) -> tuple[Fact, ...]:
    evidence = recommendation.evidence
    name = quantile_name(evidence.quantile)
    sure = share_text(policy.timeout.interval_confidence)
    top = evidence.bracket_high_ms
    bracket = f"{duration_text(evidence.bracket_low_ms)} to {duration_text(top)}"
    if top is None:
        bracket = f"above {duration_text(evidence.bracket_low_ms)} (the last bucket)"
    requests = count_text(evidence.busy_requests)
    facts = [
        Fact("Requests judged", count_text(evidence.requests)),
        Fact(
            f"{name} that decides",
            f"{duration_text(evidence.estimate_ms)} ({duration_text(evidence.low_ms)} to "
            f"{duration_text(evidence.high_ms)}, {sure} interval)",
        ),
        Fact("Its histogram bucket", bracket),
        Fact(
            "Busiest hours",
            f"{plural(evidence.busy_hours, 'step')} of the window with {requests} requests",
        ),
        Fact(f"{name} of the whole window", duration_text(evidence.week_estimate_ms)),
        Fact("Median of successes", duration_text(evidence.median_ms)),
        Fact("Cut before they ended", share_text(evidence.censored_fraction)),
        Fact("Clustering of slow requests", _clustering(evidence.design_effect)),
        Fact("Scrapes present", share_text(evidence.coverage)),
    ]
    if evidence.excluded:
        spans = "; ".join(span_text(*span) for span in evidence.excluded[:5])
        more = len(evidence.excluded) - 5
        facts.append(Fact("Left out as incidents", spans + (f"; {more} more" if more > 0 else "")))
    return tuple(facts)


def _predicted(recommendation: TimeoutRecommendation) -> tuple[Fact, ...]:
    cut = share_text(recommendation.predicted.fraction_cut)
    interval = recommendation.predicted_interval.get("fractionCut")
    if interval:
        cut += f" ({share_text(interval[0])} to {share_text(interval[1])})"
    return (Fact("Requests cut", cut),)


def _clustering(design_effect: float) -> str:
    if design_effect <= 1.5:
        return "none beyond chance"
    return f"they come in bursts: {significant(design_effect, 2)} count as one independent request"


def _backtest(recommendation: TimeoutRecommendation, accepted: float) -> str:
    test = recommendation.backtest
    if test is None:
        return "No backtest: one part of the window holds too few requests to judge."
    low, high = test.fraction_cut_interval
    trained, tested = learned_text(test)
    verdict = verdict_text(low, high, accepted, f"the {share_text(accepted)} that is accepted")
    text = (
        f"Learned on the first {trained}, the timeout would have been "
        f"{setting_text(test.timeout)}; over the {tested} that followed it would have cut "
        f"{share_text(test.fraction_cut)} of requests ({share_text(low)} to {share_text(high)}), "
        f"{verdict}."
    )
    if test.current_fraction_cut is not None:
        text += f" The current setting: {share_text(test.current_fraction_cut)}."
    return text


def _steps(recommendation: TimeoutRecommendation, policy: Policy) -> tuple[str, ...]:
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
    steps.append(f"Rounded up: {setting_text(recommendation.proposed.get('timeout'))}.")
    return tuple(steps)
