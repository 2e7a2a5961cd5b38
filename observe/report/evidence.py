"""The evidence of a recommendation as lines that a person can check."""

from __future__ import annotations

from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.format import (
    count_text,
    duration_text,
    plural,
    quantile_name,
    share_text,
    significant,
    span_text,
)
from observe.report.quality import Fact


def evidence_facts(recommendation: TimeoutRecommendation, policy: Policy) -> list[Fact]:
    """What the number was computed from, each with its unit."""
    evidence = recommendation.evidence
    name = quantile_name(evidence.quantile)
    sure = share_text(policy.timeout.interval_confidence)
    top = evidence.bracket_high_ms
    bracket = f"{duration_text(evidence.bracket_low_ms)} to {duration_text(top)}"
    if top is None:
        bracket = f"above {duration_text(evidence.bracket_low_ms)} (the last bucket)"
    predicted = share_text(recommendation.predicted.fraction_cut)
    interval = recommendation.predicted_interval.get("fractionCut")
    if interval:
        predicted += f" ({share_text(interval[0])} to {share_text(interval[1])})"
    facts = [
        Fact("Requests judged", count_text(evidence.requests)),
        Fact(
            f"{name} that decides",
            f"{duration_text(evidence.estimate_ms)} ({duration_text(evidence.low_ms)} to "
            f"{duration_text(evidence.high_ms)}, {sure} interval)",
        ),
        Fact("Its histogram bucket", bracket),
        Fact("Busiest hours", _busiest(recommendation)),
        Fact(f"{name} of the whole window", duration_text(evidence.week_estimate_ms)),
        Fact("Median of successes", duration_text(evidence.median_ms)),
        Fact("Requests the timeout would cut", predicted),
        Fact("Cut before they ended", share_text(evidence.censored_fraction)),
        Fact("Clustering of slow requests", _clustering(evidence.design_effect)),
        Fact("Scrapes present", share_text(evidence.coverage)),
    ]
    if evidence.excluded:
        spans = "; ".join(span_text(*span) for span in evidence.excluded[:5])
        more = len(evidence.excluded) - 5
        facts.append(Fact("Left out as incidents", spans + (f"; {more} more" if more > 0 else "")))
    return facts


def _busiest(recommendation: TimeoutRecommendation) -> str:
    evidence = recommendation.evidence
    requests = count_text(evidence.busy_requests)
    return f"{plural(evidence.busy_hours, 'step')} of the window with {requests} requests"


def _clustering(design_effect: float) -> str:
    if design_effect <= 1.5:
        return "none beyond chance"
    return f"they come in bursts: {significant(design_effect, 2)} count as one independent request"
