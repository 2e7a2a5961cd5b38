"""How many requests one proxy has under way when it is busiest: what a pool must let through.

The method and its sources stand in docs/method-pools.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from observe.recommend.policy import PoolPolicy
from observe.signals.concurrency import Load
from observe.stats.occupancy import Variation, exceeding, quantile, variation
from observe.stats.windows import busiest

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: The level of "requests under way" everywhere: p99.9.
LEVEL = 0.999
#: Median of a squared standard normal.
_MEDIAN_OF_SQUARE = 0.4549
_FEWEST_HOURS = 12
_WEEK_SECONDS = 7 * 86_400
#: Growth from one week to the next is not extrapolated beyond this.
_MOST_GROWTH = 2.0


@dataclass(frozen=True)
class Steps:
    """Which fine steps of a window count (masks of T).

    Attributes:
        normal: what needs are learned from.
        incident: what is told beside them.
    """

    normal: Mask
    incident: Mask

    @classmethod
    def all_of(cls, count: int) -> Steps:
        """All of them normal."""
        return cls(np.ones(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_))

    def within(self, part: Mask) -> Steps:
        """Those that lie in a part of the window."""
        return Steps(self.normal & part, self.incident & part)


@dataclass(frozen=True)
class Need:
    """What the busiest proxy of one side needs.

    Attributes:
        load: the requests that it was computed from.
        number: p99.9 of the requests under way in the busiest steps.
        low, high: ends of its interval.
        mean: mean number under way in the busiest step.
        rps: requests a second of the busiest proxy in its busiest step.
        in_incidents: p99.9 in the steps of incidents, which the others leave out; 0 without any.
        growth: factor from the week before to the last one, at least 1; in the numbers above.
        how: batches and sway of the arrivals.
        error: relative standard error of the mean.
    """

    load: Load
    number: int
    low: int
    high: int
    mean: float
    rps: float
    in_incidents: int
    growth: float
    how: Variation
    error: float


def need_of(load: Load, policy: PoolPolicy, steps: Steps, *, spread: bool = False) -> Need | None:
    """What the busiest proxy needs over some steps.

    Args:
        load: requests of one side.
        policy: the knobs.
        steps: which steps to learn from.
        spread: whether somebody spreads the requests over the proxies one by one (servers), so
            that each gets its share of a batch, and not all of it.

    Returns:
        None where nothing was under way in the steps, or no duration was recorded.
    """
    normal = steps.normal
    means = np.nan_to_num(load.busiest_under_way)
    if not (means[normal] > 0).any():
        return None
    growth = _growth(means, normal, load.step_seconds)
    means = means * growth
    how = _arrivals(load, normal, spread=spread)
    top = _busiest(means, normal, policy)
    error = _error(load, normal, how, top)
    times = float(norm.ppf((1 + policy.interval_confidence) / 2))
    rates = load.requests * load.share.busiest / load.step_seconds
    return Need(
        load=load,
        number=quantile(means[top], LEVEL, how),
        low=quantile(means[top] * np.exp(-times * error), LEVEL, how),
        high=quantile(means[top] * np.exp(times * error), LEVEL, how),
        mean=float(means[normal].max()),
        rps=float(rates[normal].max() * growth),
        in_incidents=_in_incidents(means, steps.incident, policy, how),
        growth=growth,
        how=how,
        error=error,
    )


def share_shed(need: Need, limit: int, steps: Mask, tries: float, *, sway: float = 0.0) -> float:
    """Requests that a limit would have refused over some steps, of those that came.

    Requests that come at independent moments see the distribution of what is under way (Wolff
    1982), so that a step's share is the probability that `limit` are under way.

    Args:
        need: of the side that is limited.
        limit: requests under way that a proxy lets through.
        steps: mask of T.
        tries: factor on the load that retries may add.
        sway: how many standard errors more than measured are under way.
    """
    load = need.load
    requests = np.where(steps, load.requests, 0.0)
    total = float(requests.sum())
    if total <= 0:
        return 0.0
    means = np.nan_to_num(load.busiest_under_way) * tries * np.exp(sway * need.error)
    near = (means > limit / 50.0) & (requests > 0)
    shed = float(requests[near] @ exceeding(means[near], limit - 1, need.how))
    return min(1.0, shed / total)


def _busiest(means: Floats, normal: Mask, policy: PoolPolicy) -> Mask:
    """The busiest steps: a share of all, those of incidents left out."""
    mask: Mask = np.zeros(means.size, dtype=np.bool_)
    places = np.flatnonzero(normal)
    mask[places[busiest(means[places], policy.busiest_share, 0.0)]] = True
    return mask


def _in_incidents(means: Floats, incident: Mask, policy: PoolPolicy, how: Variation) -> int:
    if not (means[incident] > 0).any():
        return 0
    return quantile(means[_busiest(means, incident, policy)], LEVEL, how)


def _arrivals(load: Load, normal: Mask, *, spread: bool) -> Variation:
    """Batches and sway, as one proxy sees them: a batch that is spread is thinned."""
    how = variation(load.requests[normal])
    if not spread:
        return how
    part = float(load.share.busiest[normal].mean())
    return Variation(1.0 + (how.batch - 1.0) * part, how.cv2)


def _error(load: Load, normal: Mask, how: Variation, top: Mask) -> float:
    """Relative standard error of the mean under way: of the rate, and of the duration.

    The duration of an hour differs from its neighbours' by chance and for reasons that are not
    known; a sixth of the squared second difference of their logarithms is that variance, whatever
    the slope (Gasser, Sroka & Jennen-Steinmetz 1986).
    """
    seen = float((load.requests * load.share.busiest)[top].sum())
    rate = how.batch / seen if seen > 0 else 1.0
    values = load.mean_ms[normal]
    changes = np.flatnonzero(np.diff(values) != 0)
    hours = np.log(values[np.append(changes, values.size - 1)])
    duration = 0.0
    if hours.size >= _FEWEST_HOURS:
        duration = float(np.median(np.diff(hours, 2) ** 2 / 6)) / _MEDIAN_OF_SQUARE
    return float(np.sqrt(rate + how.cv2 + duration))


def _growth(means: Floats, normal: Mask, step_seconds: int) -> float:
    """Peak of the last seven days over that of the seven before; 1 where there are not as many."""
    week = _WEEK_SECONDS // step_seconds
    if means.size < 2 * week:
        return 1.0
    usual = np.where(normal, means, 0.0)
    last = float(np.quantile(usual[-week:], 0.99))
    before = float(np.quantile(usual[-2 * week : -week], 0.99))
    return min(_MOST_GROWTH, max(1.0, last / before)) if before > 0 else 1.0
