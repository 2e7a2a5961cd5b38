"""How the first try of a request fails, and how the next one then does: step by step.

The formulas and their sources stand in docs/method-retries.md, "How failures come".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from observe.signals.failure_series import FailureSeries
from observe.stats.bursts import bursts, load_driven
from observe.stats.interval import design_effect, proportion_interval

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

#: What tells of the first tries. clients: nothing is retried, so that each failure is one of a
#: first try; servers: tries that arrived and failed; envoy: its counter of retries; hidden:
#: retries are in force, and nothing tells what they cure.
Seen = Literal["clients", "servers", "envoy", "hidden"]

#: Share of failures whose retries were used up from which retries are known to be in force.
_IN_FORCE = 0.5
#: A burst in which so many tries fail, or that is shorter than this, is an outage: the next try
#: would meet it too. Longer ones that fail less are hosts that fail beside others that do not.
_ALL, _SHORT = 0.5, 3
#: Tries that servers count in place of requests: at least so many of what clients sent.
_REPORTED = 0.5
#: Of requests that fail although they were tried again, this share says that all tries fail.
_REPEATS = 0.5
#: Up to this design effect hours do not differ.
_BY_CHANCE = 1.5


@dataclass(frozen=True)
class Pattern:
    """First tries of one target over the fine steps (T).

    Attributes:
        seen: what tells of them.
        requests: of clients (T).
        first: share of the first tries that fail (T).
        again: share of the next tries that then fail, too, of clients that are not stuck (T).
        base: share that fails one by one, outside of bursts.
        base_interval: of the base.
        effect: design effect of the base from hour to hour.
        outage: steps in which hardly any try succeeds (T).
        hosts: steps in which a part of the hosts fails (T).
        stuck: share of the failures that clients have of whose requests hardly any come through;
            the next try meets what they met (T).
        by_load: whether failures come whenever the load is high.
    """

    seen: Seen
    requests: Floats
    first: Floats
    again: Floats
    base: float
    base_interval: tuple[float, float]
    effect: float
    outage: Mask
    hosts: Mask
    stuck: Floats
    by_load: bool

    @property
    def curable(self) -> float:
        """First tries that fail where the next one would most likely not."""
        return float((self.requests * self.first * (1 - self.stuck))[~self.outage].sum())

    @property
    def multiplied(self) -> float:
        """First tries that fail in outages, of all clients or of one."""
        return float((self.requests * self.first * np.where(self.outage, 1.0, self.stuck)).sum())

    @property
    def repeat(self) -> float:
        """Share of the next tries that fail, over all first tries that do."""
        failing = self.requests * self.first
        total = float(failing.sum())
        again = failing * (self.stuck + (1 - self.stuck) * self.again)
        return float(again.sum()) / total if total > 0 else 0.0


def pattern_of(
    series: FailureSeries, coarse_of_fine: Ints, confidence: float, several_hosts: bool
) -> Pattern:
    """Tell outages, failing hosts and failures that come one by one apart.

    Args:
        series: failures of a target.
        coarse_of_fine: the coarse step that holds each fine step (T).
        confidence: of the interval of the base.
        several_hosts: False where it is known that there is one host only: then no other is there
            to be tried, and every burst is an outage.
    """
    seen, failed, totals, again = _first_tries(series, coarse_of_fine)
    found = bursts(failed, totals)
    outage, hosts = np.zeros(totals.size, np.bool_), np.zeros(totals.size, np.bool_)
    for first, last in found.spans:
        inner = slice(first + 1, last - 1) if last - first > _SHORT else slice(first, last)
        share = failed[inner].sum() / max(totals[inner].sum(), 1e-9)
        repeats = float(np.nanmax(again[first:last])) if np.isfinite(again[first:last]).any() else 0
        short = last - first < _SHORT and seen != "envoy"
        whole = share >= _ALL or short or repeats >= _REPEATS or not several_hosts
        (outage if whole else hosts)[first:last] = True
    outage |= found.near & ~found.inside & (failed > found.base * totals)
    calm = ~(outage | hosts)
    stuck = np.where(calm, _around(series.stuck, failed, calm, coarse_of_fine), 0.0)
    calm_share, base, interval, effect = _base(failed, totals, calm, coarse_of_fine, confidence)
    share = np.divide(failed, totals, out=np.zeros_like(failed), where=totals > 0)
    return Pattern(
        seen,
        series.requests,
        np.where(calm, calm_share, np.minimum(share, 1.0)),
        np.where(outage, 1.0, base * (1 - stuck)),
        base,
        interval,
        effect,
        outage,
        hosts,
        stuck,
        load_driven(failed, totals),
    )


def _first_tries(
    series: FailureSeries, coarse_of_fine: Ints
) -> tuple[Seen, Floats, Floats, Floats]:
    """What tells of first tries; those that failed, all of them, and known repeats (T)."""
    curable = series.of("curable")
    unknown = np.full(curable.size, np.nan)
    plain = sum(
        c.requests for c in series.classes if c.cure == "curable" and c.flags in ("-", "", "URX")
    )
    in_force = series.exhausted.sum() >= _IN_FORCE * curable.sum() and series.exhausted.any()
    reported = series.tries.sum() >= _REPORTED * series.requests.sum()
    # flags are raised by the client's proxy: what servers count has none, and each try counts
    if reported and series.failed_tries.any() and plain >= 0.5 * curable.sum():
        return "servers", np.minimum(series.failed_tries, series.tries), series.tries, unknown
    if np.isfinite(series.retries).any() and np.nansum(series.retries) > 0:
        return _by_envoy(series, coarse_of_fine)
    if in_force:
        return "hidden", curable, series.requests, unknown
    return "clients", curable, series.requests, unknown


def _by_envoy(series: FailureSeries, coarse_of_fine: Ints) -> tuple[Seen, Floats, Floats, Floats]:
    """First tries that failed, from the retries of each coarse step.

    Of n requests, r were retries and c failed in the end. When a first try fails with f and each
    further one with q, of two attempts r = n f (1 + q) and c = n f q²; f and q follow.
    """
    hours = series.retries.size
    n = np.bincount(coarse_of_fine, weights=series.requests, minlength=hours)
    c = np.bincount(coarse_of_fine, weights=series.of("curable"), minlength=hours)
    r = np.nan_to_num(series.retries)
    ratio = np.divide(c, r, out=np.zeros_like(r), where=r > 0)
    # q² / (1 + q) = c / r
    q = np.minimum(1.0, (ratio + np.sqrt(ratio**2 + 4 * ratio)) / 2)
    share = np.divide(r, n * (1 + q), out=np.zeros_like(r), where=n > 0)
    failed = np.minimum(share, 1.0)[coarse_of_fine] * series.requests
    return "envoy", failed, series.requests, q[coarse_of_fine]


def _around(part: Floats, whole: Floats, steps: Mask, coarse_of_fine: Ints) -> Floats:
    """Share of a part in a whole in the hour around each step (T), at most 1."""
    hours = int(coarse_of_fine[-1]) + 1 if coarse_of_fine.size else 0
    some, all_ = (
        np.bincount(coarse_of_fine, weights=np.where(steps, values, 0.0), minlength=hours)
        for values in (part, whole)
    )
    share = np.divide(some, all_, out=np.zeros(hours), where=all_ > 0)
    around: Floats = np.minimum(share, 1.0)[coarse_of_fine]
    return around


def _base(
    failed: Floats, totals: Floats, calm: Mask, coarse_of_fine: Ints, confidence: float
) -> tuple[Floats, float, tuple[float, float], float]:
    """Share of calm tries that fail: step by step, over all, its interval, its design effect.

    Hours differ by chance alone or more than that. An hour's share is drawn to that of all hours
    by as much as chance explains (the mean of a beta distribution with their variance, after its
    x failures of n were seen): (x + K p) / (n + K), K = mean n / (effect - 1) - 1.
    """
    hours = int(coarse_of_fine[-1]) + 1 if coarse_of_fine.size else 0
    n = np.bincount(coarse_of_fine[calm], weights=totals[calm], minlength=hours)
    x = np.minimum(np.bincount(coarse_of_fine[calm], weights=failed[calm], minlength=hours), n)
    if n.sum() <= 0:
        return np.zeros(failed.size), 0.0, (0.0, 1.0), 1.0
    base = float(x.sum() / n.sum())
    effect = design_effect(x, n)
    interval = proportion_interval(x.sum(), n.sum(), confidence, effect)
    share = np.full(hours, base)
    if effect > _BY_CHANCE:
        strength = max(float(n[n > 0].mean()) / (effect - 1) - 1, 0.0)
        share = (x + strength * base) / np.maximum(n + strength, 1e-9)
    return share[coarse_of_fine], base, interval, effect
