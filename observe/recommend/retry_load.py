"""What retries cure and what they add to the load, on average and in the worst hour.

The formulas and their sources stand in docs/method-retries.md, "What retries do".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from observe.recommend.retry_pattern import Pattern
from observe.stats.interval import proportion_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Budget:
    """A retryBudget: retries at a time, for each client proxy.

    Attributes:
        percent: of the requests under way.
        least: retries that are allowed whatever the percent says.
    """

    percent: float
    least: int


@dataclass(frozen=True)
class Effect:
    """What a policy does; shares of the requests.

    Attributes:
        cured: requests that succeed thanks to it.
        added: retries, over the window.
        worst: retries in the hour in which they are most.
        worst_interval: of that.
    """

    cured: float
    added: float
    worst: float
    worst_interval: tuple[float, float]


def under_way(pattern: Pattern, mean_ms: Floats, step_seconds: int, proxies: float) -> Floats:
    """Mean number of requests under way for each client proxy in each fine step (Little), T."""
    mean = np.nan_to_num(mean_ms, nan=0.0)
    return pattern.requests / step_seconds * mean / 1000 / max(proxies, 1.0)


def effect_of(
    pattern: Pattern,
    attempts: int,
    budget: Budget | None,
    active: Floats,
    coarse_of_fine: Ints,
    confidence: float,
) -> Effect:
    """What so many attempts would have done to the requests of the window.

    Args:
        pattern: how first tries fail.
        attempts: retries of one request.
        budget: what bounds them; None for nothing.
        active: requests under way for each client proxy (T).
        coarse_of_fine: the coarse step that holds each fine step (T).
        confidence: of the interval.
    """
    n = pattern.requests
    total = float(n.sum())
    if total <= 0 or attempts == 0:
        return Effect(0.0, 0.0, 0.0, (0.0, 0.0))
    each = tries_after(pattern, attempts)
    passed = _passed(pattern, pattern.first * each, active, budget)
    retries = n * pattern.first * each * passed
    cured = n * pattern.first * (1 - pattern.stuck) * (1 - pattern.again**attempts) * passed
    hours = int(coarse_of_fine[-1]) + 1
    by_hour = np.bincount(coarse_of_fine, weights=retries, minlength=hours)
    in_hour = np.bincount(coarse_of_fine, weights=n, minlength=hours)
    share = np.divide(by_hour, in_hour, out=np.zeros(hours), where=in_hour > 0)
    worst = int(share.argmax() if share.any() else in_hour.argmax())
    here = coarse_of_fine == worst
    ends = []
    for factor in _doubt(pattern, here, confidence):
        wanted = np.minimum(pattern.first * factor, 1.0) * each
        sent = n * wanted * _passed(pattern, wanted, active, budget)
        ends.append(float(sent[here].sum() / n[here].sum()))
    return Effect(
        float(cured.sum()) / total,
        float(by_hour.sum()) / total,
        float(share.max()),
        (ends[0], ends[1]),
    )


def tries_after(pattern: Pattern, attempts: int) -> Floats:
    """Retries of a request whose first try failed, in each fine step (T).

    1 + q + q² + ...; of clients that are stuck, all of them.
    """
    found: Floats = np.sum([pattern.again**k for k in range(attempts)], axis=0)
    return pattern.stuck * attempts + (1 - pattern.stuck) * found


def _passed(pattern: Pattern, wanted: Floats, active: Floats, budget: Budget | None) -> Floats:
    """Share of the retries that the budget lets pass (T).

    Retries at a time beyond the limit are refused: a loss system (Erlang's B) whose load is the
    retries that are wanted at a time, as each takes about as long as a request. In an outage
    answers may come at once, so that hardly any are under way: nothing is taken to be refused.
    """
    if budget is None:
        return np.ones_like(wanted)
    offered = np.maximum(wanted * active, 1e-12)
    limit = limit_of(budget, active)
    passed = poisson.cdf(limit - 1, offered) / poisson.cdf(limit, offered)
    return np.asarray(np.where(pattern.outage, 1.0, passed))


def limit_of(budget: Budget, active: Floats) -> Floats:
    """Retries at a time for one proxy: a share of all that is under way, retries too."""
    share = budget.percent / 100
    return np.maximum(np.floor(active * share / max(1 - share, 1e-9)), budget.least)


def budget_for(
    pattern: Pattern, attempts: int, active: Floats, percent: float, least: int, cap: float
) -> Budget:
    """A budget that keeps the added load below the cap wherever it can.

    Where more fails than the cap allows to be tried again, the percent is at most cap / (1 + cap),
    since retries are a part of what is under way, and the retries that are always allowed are no
    more than the cap of the requests under way there.

    Args:
        pattern: how first tries fail.
        attempts: retries of one request.
        active: requests under way for each client proxy (T).
        percent: what is asked for otherwise.
        least: retries that are always allowed otherwise.
        cap: largest share of the load that retries may add.
    """
    wanted = pattern.first * tries_after(pattern, attempts)
    above = (wanted > cap) & (pattern.requests > 0)
    if not above.any():
        return Budget(percent, least)
    room = int(cap * float(active[above].min()))
    bound = math.floor(100 * cap / (1 + cap))
    return Budget(float(min(percent, bound)), max(1, min(least, room)))


def _doubt(pattern: Pattern, here: Mask, confidence: float) -> tuple[float, float]:
    """How much less and more than was seen may fail in an hour, as factors.

    The base's interval where nothing else happened, else that of the hour's own failures.
    """
    n = pattern.requests[here]
    failed, total = float((n * pattern.first[here]).sum()), float(n.sum())
    if failed <= 0 or total <= 0:
        return (1.0, 1.0)
    low, high, share = *pattern.base_interval, pattern.base
    if (pattern.outage | pattern.hosts)[here].any() or share <= 0:
        low, high = proportion_interval(min(failed, total), total, confidence)
        share = failed / total
    return (low / share, high / share)
