"""Retries that were advised, held against the truth and against proxies that carry them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from observe.demo.failing import Retries
from observe.demo.policy_truth import PolicyTruth, retry_effect
from observe.demo.proxy import ProxyPolicy, run
from observe.demo.proxy.replay import scenario_at
from observe.demo.truth import Truth
from observe.durations import parse_ms
from observe.recommend.model import Advice
from observe.recommend.policy import RetryPolicy
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import RetryRecommendation

#: A failure rate or a number of failures within this factor of what the policy asks for may go
#: either way.
MARGIN = 2.0
#: Retries that a run should have, and the requests that it has at least and at most.
_RETRIES, _FEWEST, _MOST = 400.0, 5_000.0, 120_000.0
#: Runs of one hour at most.
_RUNS = 100
#: Loads that differ by less than this are the same: it is the noise of the longest run.
_SAME = 0.0005
#: Added loads within this share of one another are close.
_CLOSE = 0.2
_MS_DEFAULT_BACKOFF = 25.0


@dataclass(frozen=True)
class RetryCase:
    """One target.

    Attributes:
        verdict: of the truth.
        due: whether retries are due: curable, enough of it, and visible in the telemetry.
        visible: whether the failures can be seen at all: retries in force hide what they cure,
            unless the server or Envoy's counters tell.
        attempts: advised; None where nothing is.
        bounded: whether Istio's default is to stay, held by a budget.
        cut: whether the plan lowered them.
        predicted: added load of the worst hour.
        inside: whether the truth lies in the predicted interval.
        true: the same by the truth's formula, without a budget.
        shown: the same as the proxies showed it in that hour, with all of what was advised.
    """

    target: str
    verdict: str
    due: bool
    visible: bool
    attempts: int | None
    bounded: bool
    cut: bool
    predicted: float
    inside: bool
    true: float
    shown: float


def judge_retries(truth: Truth, advice: Advice, truths: dict[str, PolicyTruth]) -> list[RetryCase]:
    """Every target of a mesh."""
    advised = {
        r.target.path: r for r in advice.recommendations if isinstance(r, RetryRecommendation)
    }
    timeouts = {t.target.path: float(parse_ms(t.proposed["timeout"])) for t in advice.timeouts}
    cut = {c.id for c in advice.plan if c.field == "attempts"}
    found = []
    for target, known in truths.items():
        one = advised.get(target)
        bounded = one is not None and Reason.DEFAULT_TRIES_ON_PATH.value in one.reasons
        one = None if bounded else one
        attempts = None if one is None else int(one.proposed.get("attempts") or 0)
        visible = _visible(truth, target)
        loads = (np.nan, np.nan, np.nan)
        inside = False
        if one is not None and attempts:
            loads = _loads(truth, target, one, timeouts.get(target))
            low, high = one.predicted_interval.get("addedLoadWorstHour", (np.nan, np.nan))
            inside = bool(low <= loads[1] <= high)
        found.append(
            RetryCase(
                f"{truth.name} {target}",
                known.verdict,
                known.verdict == "curable" and visible and _enough(truth, target, known),
                visible,
                attempts,
                bounded,
                f"retry/{target}" in cut,
                loads[0],
                inside,
                loads[1],
                loads[2],
            )
        )
    return found


def _visible(truth: Truth, target: str) -> bool:
    service = truth.edges_of(target)[0][1].service
    hidden = service.retries is not None and service.retries.attempts > 0
    reaches = any(p.flags == "-" for p in service.processes)
    return truth.envoy_stats or not hidden or reaches


def _enough(truth: Truth, target: str, known: PolicyTruth) -> bool:
    """Whether there is clearly more to cure than the policy asks for."""
    policy = RetryPolicy()
    requests = retry_effect(truth, target, Retries(attempts=0)).tries
    return (
        known.curable_failures >= MARGIN * policy.least_failures
        and known.curable_failures / requests >= MARGIN * policy.least_gain
    )


def _loads(
    truth: Truth, target: str, one: RetryRecommendation, timeout_ms: float | None
) -> tuple[float, float, float]:
    """Added load of the worst hour: predicted, true without a budget, and shown."""
    proposed = one.proposed
    retries = Retries(
        int(proposed["attempts"]), frozenset(str(proposed["retryOn"]).replace(" ", "").split(","))
    )
    effect = retry_effect(truth, target, retries)
    expected = effect.added_load_worst_hour
    requests = float(np.clip(_RETRIES / max(expected, 1e-9), _FEWEST, _MOST))
    scenario, seconds = scenario_at(truth, target, effect.worst_hour, requests)
    budget = proposed.get("retryBudget") or {}
    policy = ProxyPolicy(
        retries=retries,
        timeout_ms=timeout_ms,
        per_try_timeout_ms=_ms(proposed.get("perTryTimeout")),
        backoff_ms=_ms(proposed.get("backoff")) or _MS_DEFAULT_BACKOFF,
        budget_percent=budget.get("percent"),
        min_retry_concurrency=int(budget.get("minRetryConcurrency") or 0),
        balancing="RANDOM",  # as the week of telemetry was drawn
    )
    # an hour of few requests has too few retries to tell: it is run again and again
    each = expected * scenario.rps * seconds
    runs = int(np.clip(np.ceil(_RETRIES / max(each, 1e-9)), 1, _RUNS))
    shown = [run(scenario, policy, seconds, truth.seed + n).added_load for n in range(runs)]
    return one.predicted.added_load_worst_hour, expected, float(np.mean(shown))


def _ms(duration: object) -> float | None:
    return None if duration is None else float(parse_ms(str(duration)))


def report_retries(cases: list[RetryCase]) -> list[tuple[str, str]]:
    """Figures with their names."""
    cap = RetryPolicy().most_added_load
    due = [c for c in cases if c.due]
    rows = [("curable cases with retries", _share([bool(c.attempts) for c in due]))]
    rows += [
        ("  left out: too little, or cured out of sight", str(_curable(cases) - len(due))),
        ("  due, but cut to none by the plan", str(sum(c.cut and not c.attempts for c in due))),
    ]
    for verdict in ("outage", "overload", "mixed", "poison", "after_work", "bad_host", "stream"):
        some = [bool(c.attempts) for c in cases if c.verdict == verdict]
        rows.append((f"{verdict} cases with retries", _share(some)))
    rows.append(("Istio's default bounded by a budget", str(sum(c.bounded for c in cases))))
    given = [c for c in cases if c.attempts]
    if given:
        rows += [
            (
                f"worst hour's added load within {_CLOSE:.0%} of what was shown",
                _share([_near(c.predicted, c.shown) for c in given]),
            ),
            (
                "  of the formula without a budget",
                _share([_near(c.predicted, c.true) for c in given]),
            ),
            ("    which the predicted interval holds", _share([c.inside for c in given])),
            ("  median, 10 % and 90 % of predicted / shown", _ratios(given)),
            (
                f"highest added load predicted and shown (cap {cap:.0%})",
                f"{max(c.predicted for c in given):.1%} and {max(c.shown for c in given):.1%}",
            ),
            ("  shown above the cap", str(sum(c.shown > cap for c in given))),
        ]
    return rows


def _curable(cases: list[RetryCase]) -> int:
    return sum(c.verdict == "curable" for c in cases)


def _near(predicted: float, shown: float) -> bool:
    return abs(predicted - shown) <= max(_CLOSE * shown, _SAME)


def _ratios(given: list[RetryCase]) -> str:
    ratios = [c.predicted / c.shown for c in given if c.shown > _SAME]
    if not ratios:
        return "none"
    low, middle, high = np.quantile(ratios, (0.1, 0.5, 0.9))
    return f"{middle:.2f}, {low:.2f}, {high:.2f}"


def _share(values: list[bool]) -> str:
    return f"{np.mean(values):.1%} of {len(values)}" if values else "none"
