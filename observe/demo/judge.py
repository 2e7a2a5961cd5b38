"""Advice held against the truth: what the simulator knows and the recommender does not."""

from __future__ import annotations

from dataclasses import dataclass

from observe.demo.exact import Expectation, expectation, true_fraction_above, true_quantile
from observe.demo.truth import Truth
from observe.durations import parse_ms
from observe.recommend.model import Advice


@dataclass(frozen=True)
class Judged:
    """One target.

    Attributes:
        target: `cluster/namespace/service`.
        expected: what a good recommender does with it.
        timeout_ms: the proposal; None when withheld.
        reasons: reason codes of the proposal or of withholding.
        true_ms: the quantile that the policy asks for, in the truth's busiest hours.
        cut: share of the following week's successes that the proposal cuts; NaN when withheld.
    """

    target: str
    expected: Expectation
    timeout_ms: float | None
    reasons: tuple[str, ...]
    true_ms: float
    cut: float


def judge_timeouts(advice: Advice, truth: Truth, rate: float = 0.001) -> list[Judged]:
    """Every target of a mesh; without sampling, the truth is exact.

    Args:
        advice: made from the telemetry that this mesh left.
        truth: the mesh, placed where the telemetry was (:meth:`Truth.starting`).
        rate: the false-timeout rate that the advice was made for.
    """
    proposed = {r.target.path: float(parse_ms(r.proposed["timeout"])) for r in advice.timeouts}
    reasons = {r.target.path: r.reasons for r in advice.timeouts}
    reasons |= {w.target.path: (w.reason,) for w in advice.withheld_of("timeout")}
    return [
        Judged(
            target=target,
            expected=expectation(truth, target, false_timeout_rate=rate),
            timeout_ms=proposed.get(target),
            reasons=reasons.get(target, ()),
            true_ms=true_quantile(truth, target, 1.0 - rate, "busiest"),
            cut=cut_next_week(truth, target, proposed.get(target)),
        )
        for target in truth.targets
    ]


def cut_next_week(truth: Truth, target: str, timeout_ms: float | None) -> float:
    """Share of the following week's successes that a timeout cuts; NaN for none."""
    if timeout_ms is None:
        return float("nan")
    return true_fraction_above(truth, target, timeout_ms, week=1)


def verdict_text(judged: list[Judged], rate: float = 0.001) -> str:
    """What the comparison says, as one sentence."""
    given = [j for j in judged if j.timeout_ms is not None]
    held = sum(j.cut <= rate for j in given)
    withheld = [j for j in judged if j.timeout_ms is None]
    right = sum(j.expected.verdict != "recommend" for j in withheld)
    return (
        f"The truth of this mesh is known: {held} of {len(given)} timeouts cut at most "
        f"{100 * rate:g} % of the good requests of the week after, and {right} of "
        f"{len(withheld)} withheld targets had to be withheld."
    )
