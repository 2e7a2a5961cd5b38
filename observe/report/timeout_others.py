"""Timeouts that were not chosen."""

from __future__ import annotations

from observe.recommend.backtest import share_cut
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.curves import span_mask
from observe.report.format import duration_text, quantile_name, share_text, significant
from observe.report.others import Other
from observe.report.timeout_lines import timeout_ms
from observe.signals.latency import latency_by_target
from observe.stats.censored import censored_histogram
from observe.telemetry.snapshot import Snapshot


def timeout_others(
    recommendation: TimeoutRecommendation, snapshot: Snapshot, policy: Policy
) -> list[Other]:
    """Half, the bare quantile, what is set, and double: requests of the window that each cuts.

    Incidents are left out, as in the prediction.
    """
    latency = latency_by_target(snapshot).get(recommendation.target.path)
    proposed = timeout_ms(recommendation.proposed)
    if latency is None or proposed is None:
        return []
    normal = ~span_mask(latency, recommendation.evidence.excluded)
    success = latency.histogram("success", steps=normal)
    cut = latency.histogram("censored", steps=normal)
    survival = censored_histogram(success, cut).survival
    now, evidence = timeout_ms(recommendation.current), recommendation.evidence
    settings: dict[str, float] = {"half": proposed / 2}
    if evidence.estimate_ms < proposed:
        settings[f"bare {quantile_name(evidence.quantile)}"] = evidence.estimate_ms
    settings |= {"proposed": proposed, "double": 2 * proposed}
    if now is not None and now != proposed:
        settings["today"] = now
    return [
        Other(
            f"{name}: {duration_text(value)}",
            f"cuts {share_text(share_cut(survival, value))} of requests",
            "" if name == "proposed" else _verdict(name, value / proposed, recommendation, policy),
        )
        for name, value in sorted(settings.items(), key=lambda pair: pair[1])
    ]


def _verdict(
    name: str, factor: float, recommendation: TimeoutRecommendation, policy: Policy
) -> str:
    evidence, knobs = recommendation.evidence, policy.timeout
    if factor > 1:
        times = "twice" if name == "double" else f"{significant(factor)} times"
        return f"a call that hangs holds its caller {times} as long"
    if factor == 1:
        return "the same"
    if name.startswith("bare"):
        return "no room for what the interval, the next week or a callee needs"
    if factor * (timeout_ms(recommendation.proposed) or 0.0) < evidence.high_ms:
        sure = share_text(knobs.interval_confidence)
        name = quantile_name(evidence.quantile)
        return f"below the upper end of the {name}, {duration_text(evidence.high_ms)} ({sure})"
    return "less room than the policy asks for"
