"""Makes retries agree along the call graph: one layer next to what fails, no path beyond the bound.

The method stands in docs/method-plan.md, "Retries".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from observe.recommend.current import CurrentSettings
from observe.recommend.model import PlanChange, WorstPath
from observe.recommend.plan_cut import with_attempts
from observe.recommend.plan_defaults import defaults_to_bound
from observe.recommend.plan_paths import in_words, standing_tries, worst_path
from observe.recommend.plan_tries import Wish, share_out_tries
from observe.recommend.plan_worth import own_share
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import RetryRecommendation
from observe.signals.worst_paths import Paths, product_of, tries_with_budget, worst_paths
from observe.target import Target


@dataclass(frozen=True)
class RetryPlan:
    """Retries that agree, what was changed for that, and the worst path that is left.

    `retries` ends with the defaults that are to be bounded.
    """

    retries: list[RetryRecommendation]
    changes: list[PlanChange]
    worst: WorstPath | None


def agree_on_retries(
    retries: Sequence[RetryRecommendation],
    others: Iterable[Target],
    calls: nx.DiGraph[str],
    current: CurrentSettings | None,
    most: float,
    defaults: Mapping[str, RetryRecommendation] | None = None,
) -> RetryPlan:
    """Cut attempts until no path of calls multiplies tries beyond the bound.

    Attempts that are granted count as they are, without the bound of a retryBudget: a budget
    always allows some retries at a time, and releases before 1.27 have none. Istio's default is
    bounded where it would multiply further.

    Args:
        retries: the recommendations, of different targets.
        others: targets without one, whose settings (or Istio's default) stay.
        calls: the calls that count, with their `per_request` where it is known.
        current: the settings that are there; nothing is known of them when None.
        most: the bound on the product of tries along a path.
        defaults: target path → Istio's default with a budget, for targets among the others.
    """
    by_path = {retry.target.path: retry for retry in retries}
    standing = {t.path: standing_tries(t, current) for t in others if t.path in calls.nodes}
    fixed = {path: s.tries for path, s in standing.items() if not s.by_default}
    assumed = {path: s.tries for path, s in standing.items() if s.by_default}
    wishes = {path: _wish(path, by_path, calls) for path in sorted(by_path)}
    granted = share_out_tries(calls, wishes, fixed, assumed, most)
    before = _tries(calls, {p: 1.0 + attempts_of(r) for p, r in by_path.items()}, fixed, assumed)
    paths = worst_paths(calls, before)
    agreed, changes = [], []
    for retry in retries:
        path, wished = retry.target.path, attempts_of(retry)
        if granted[path] < wished:
            reason, why = _why(path, wishes[path], paths, before, most)
            retry, change = with_attempts(retry, granted[path], reason, why)
            changes.append(change)
        agreed.append(retry)
    standing_now = _tries(calls, {r.target.path: _held(r) for r in agreed}, fixed, assumed)
    bounds = _bounds(calls, standing_now, defaults or {}, most)
    held = {r.target.path: _held(r) for r in [*agreed, *bounds]}
    free = {r.target.path: 1.0 + attempts_of(r) for r in [*agreed, *bounds]}
    after = _tries(calls, held, fixed, assumed)
    still = frozenset(assumed) - held.keys()
    worst = worst_path(calls, after, _tries(calls, free, fixed, assumed), still, most)
    return RetryPlan([*agreed, *bounds], changes, worst)


def _bounds(
    calls: nx.DiGraph[str],
    tries: Mapping[str, float],
    defaults: Mapping[str, RetryRecommendation],
    most: float,
) -> list[RetryRecommendation]:
    if not defaults:
        return []
    bounded = max(_held(retry) for retry in defaults.values())
    paths = worst_paths(calls, tries)
    found = []
    for path in defaults_to_bound(calls, tries, defaults, bounded, most):
        line, retry = paths.through(path), defaults[path]
        why = (
            f"Without it one request could become {product_of(line, tries):,.4g} tries of "
            f"{line[-1]} ({in_words(line, tries)})."
        )
        found.append(retry.model_copy(update={"message": f"{retry.message} {why}"}))
    return found


def _held(retry: RetryRecommendation) -> float:
    """Tries of one request, on average where a retryBudget bounds them."""
    percent = (retry.proposed.get("retryBudget") or {}).get("percent")
    return tries_with_budget(attempts_of(retry), None if percent is None else float(percent))


def attempts_of(retry: RetryRecommendation) -> int:
    """The attempts that a recommendation asks for."""
    return int(retry.proposed.get("attempts") or 0)


def _tries(
    calls: nx.DiGraph[str],
    advised: Mapping[str, float],
    fixed: Mapping[str, float],
    assumed: Mapping[str, float],
) -> dict[str, float]:
    return dict.fromkeys(calls, 1.0) | {
        path: tries
        for part in (assumed, fixed, advised)
        for path, tries in part.items()
        if path in calls
    }


def _wish(path: str, by_path: Mapping[str, RetryRecommendation], calls: nx.DiGraph[str]) -> Wish:
    """What a target asks for, and the failures that each attempt cures in the window.

    Without a share of its own there is nothing to retry here: the layer below does.
    """
    retry = by_path[path]
    attempts = attempts_of(retry)
    share = own_share(path, by_path, calls)
    gain = retry.predicted.success_after - retry.predicted.success_before
    if share <= 0.0 < gain:
        return Wish(0, ())
    cured = max(0.0, gain) * retry.evidence.requests * share
    repeat = [retry.evidence.repeat_fraction**n for n in range(attempts)]
    return Wish(attempts, tuple(cured * part / sum(repeat) for part in repeat))


def _why(
    path: str, wish: Wish, paths: Paths, before: Mapping[str, float], most: float
) -> tuple[Reason, str]:
    members = paths.members[paths.of[path]] if path in paths.of else [path]
    if len(members) > 1:
        others = " and ".join(name for name in members if name != path)
        return (
            Reason.RETRIES_IN_A_CYCLE,
            f"it and {others} call one another, so that retries of both could set off one another",
        )
    if wish.attempts == 0:
        return (
            Reason.RETRIES_AT_ANOTHER_LAYER,
            "its failures are passed on from services that it calls, and are retried there",
        )
    line = paths.through(path) if path in paths.of else [path]
    return (
        Reason.TOO_MANY_TRIES_ON_PATH,
        f"one request could become {product_of(line, before):,.4g} tries of {line[-1]}, more than "
        f"{most:g} ({in_words(line, before)})",
    )
