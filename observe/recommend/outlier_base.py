"""How often healthy hosts answer with errors, and how many in a row chance makes of that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from observe.recommend.policy import OutlierPolicy
from observe.signals.error_cells import ErrorCells
from observe.signals.host_episodes import OUTAGE_SHARE
from observe.signals.hosts import ServiceHosts
from observe.stats.interval import design_effect, proportion_interval
from observe.stats.runs import Dependence, ErrorShares, mean_wait

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A client in one step that gets mostly errors of at least so many answers is in an outage.
_OUTAGE_REQUESTS = 10.0
_WEEK_DAYS = 7.0


@dataclass(frozen=True)
class Ejections:
    """Ejections a week, with their interval."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class BaseErrors:
    """Errors of healthy hosts, as the proxies of the clients see them.

    Attributes:
        share: errors over requests (0-1).
        low: lower end of its interval.
        high: upper end of its interval.
        shares: how the share differs from step to step and from client to client.
        requests: requests per group of cells.
        errors: errors, alike.
        cells: how many cells a group stands for.
        day: which day of the window the cells of a group belong to.
        dependence: correlation between one request to a host and the next.
        days: length of the window.
        confidence: of the intervals.
        unseen: share of the tries that fail besides, each by itself: the low end, the estimate
            and the high end.
    """

    share: float
    low: float
    high: float
    shares: ErrorShares
    requests: Floats
    errors: Floats
    cells: Floats
    day: NDArray[np.int64]
    dependence: Dependence
    days: float
    confidence: float
    unseen: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def ejections_per_week(self, k: int) -> Ejections:
        """Runs of `k` errors that chance makes at healthy hosts in a week, all proxies together.

        The interval holds three doubts: the share with what is unseen and the dependence, at the
        ends of their own intervals, and how much the days of the window differ (Student's t of
        their sums).
        """
        low = self._worse(k, self.low, self.dependence.low, self.unseen[0])
        middle = self._worse(k, self.share, self.dependence.value, self.unseen[1])
        week = _WEEK_DAYS / self.days
        doubt = _doubt_of_days(low, self.days, self.confidence)
        return Ejections(
            max(0.0, float(low.sum()) - doubt) * week,
            float(middle.sum()) * week,
            self.most_per_week(k),
        )

    def most_per_week(self, k: int) -> float:
        """The upper end of :meth:`ejections_per_week` alone."""
        high = self._worse(k, self.high, self.dependence.high, self.unseen[2])
        doubt = _doubt_of_days(high, self.days, self.confidence)
        return (float(high.sum()) + doubt) * _WEEK_DAYS / self.days

    def _worse(self, k: int, share: float, dependence: float, unseen: float) -> Floats:
        """The larger of what is seen, dependent, and all that there may be, independent."""
        seen = self._per_day(k, share, dependence)
        if unseen <= 0:
            return seen
        everything = self._per_day(k, min(share + unseen, 1.0), 0.0)
        return everything if everything.sum() > seen.sum() else seen

    def _per_day(self, k: int, mean: float, dependence: float) -> Floats:
        """Expected runs on each day."""
        if self.requests.size == 0:
            return np.zeros(1)
        shares = replace(self.shares, mean=mean)
        wait = mean_wait(k, shares.moment(k, self.errors, self.requests), dependence)
        return np.bincount(self.day, self.cells * self.requests / wait).astype(np.float64)


def _doubt_of_days(runs: Floats, days: float, confidence: float) -> float:
    """Half-width of the interval of the sum of the days, beyond what is alike on all of them."""
    number = min(runs.size, int(days))
    if number < 2:
        return 0.0
    spread = float(np.std(runs[:number], ddof=1)) * np.sqrt(number)
    return float(stdtrit(number - 1, (1 + confidence) / 2) * spread)


def healthy_cells(
    cells: ErrorCells, hosts: ServiceHosts | None, failing: Mask | None
) -> ErrorCells:
    """The cells without what goes to the hosts that fail alone in their step."""
    if hosts is None or failing is None or not failing.any():
        return cells
    failing = widened(failing)
    parts = [_left(values, failing) for values in (hosts.requests, hosts.errors, hosts.gateway)]
    at = np.minimum(cells.step, failing.shape[1] - 1)
    return cells.scaled(*(part[at] for part in parts))


def in_outage(cells: ErrorCells) -> Mask:
    """Cells in which most answers are errors, for the client or for the service as a whole.

    All hosts fail there: no number of errors in a row tells them apart, and what protects is how
    many hosts may be ejected at most. It began and ended within the steps before and after, which
    are left out with it.
    """
    if cells.step.size == 0:
        return np.zeros(0, dtype=np.bool_)
    n = np.bincount(cells.step, cells.requests)
    x = np.bincount(cells.step, cells.errors)
    service = widened((x > OUTAGE_SHARE * n)[None])[0][cells.step]
    client = (cells.errors > OUTAGE_SHARE * cells.requests) & (cells.requests >= _OUTAGE_REQUESTS)
    place = cells.client * (n.size + 2) + cells.step
    beside = np.concatenate([place[client] + by for by in (-1, 0, 1)])
    mask: Mask = service | np.isin(place, beside)
    return mask


def widened(mask: Mask) -> Mask:
    """The marked steps and the ones before and after them (H, T)."""
    wide = mask.copy()
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    return wide


def base_errors(
    cells: ErrorCells,
    gateway: bool,
    dependence: Dependence,
    length: tuple[float, int],
    confidence: float,
    unseen: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> BaseErrors:
    """The base rate of some cells that are neither in an outage nor of failing hosts.

    Args:
        cells: the cells.
        gateway: count 502, 503 and 504 alone.
        dependence: see :func:`observe.stats.runs.serial_dependence`.
        length: days that they are from, and fine steps in a day.
        confidence: of the interval.
        unseen: see :class:`BaseErrors`.
    """
    n, x = cells.requests, cells.gateway if gateway else cells.errors
    total, bad = float(n.sum()), float(x.sum())
    share = bad / total if total > 0 else 0.0
    effect = design_effect(x, n)
    low, high = proportion_interval(bad, total, confidence, effect) if total > 0 else (0.0, 1.0)
    shares = ErrorShares.fit(x, n, high)
    days, per_day = length
    day = (cells.step - int(cells.step.min(initial=0))) // per_day
    groups = _grouped(n, x, day)
    return BaseErrors(share, low, high, shares, *groups, dependence, days, confidence, unseen)


def fewest_in_a_row(base: BaseErrors, budget: float, policy: OutlierPolicy) -> int | None:
    """The smallest number of errors in a row that ejects healthy hosts less often than this.

    Returns:
        None when even the highest number that the policy allows is reached too often.
    """
    beyond, k = policy.lowest_consecutive - 1, policy.lowest_consecutive
    while base.most_per_week(k) >= budget:
        if k >= policy.highest_consecutive:
            return None
        beyond, k = k, min(2 * k, policy.highest_consecutive)
    while k - beyond > 1:
        middle = (beyond + k) // 2
        if base.most_per_week(middle) < budget:
            k = middle
        else:
            beyond = middle
    return k


def worst_step(cells: ErrorCells, per_coarse: int, gateway: bool) -> float:
    """Share of errors in the coarse step where it is highest, of those with enough requests."""
    if cells.step.size == 0:
        return 0.0
    n = np.bincount(cells.step // per_coarse, cells.requests)
    x = np.bincount(cells.step // per_coarse, cells.gateway if gateway else cells.errors)
    enough = n >= min(100.0, float(n.max()))
    return float(np.max(x[enough] / n[enough]))


def _left(values: Floats, failing: Mask) -> Floats:
    """Part of each step's sum that is not of failing hosts."""
    total = values.sum(axis=0)
    gone = np.where(failing, values, 0.0).sum(axis=0)
    left: Floats = 1.0 - np.divide(gone, total, out=np.zeros_like(total), where=total > 0)
    return left


def _grouped(
    n: Floats, x: Floats, day: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Cells with errors one by one; those without any by day and by size."""
    clean = x <= 0
    size = np.floor(4 * np.log2(np.maximum(n[clean], 1e-3))).astype(np.int64) + 64
    number, which, count = np.unique(
        day[clean] * 1024 + size, return_inverse=True, return_counts=True
    )
    mean = np.bincount(which, n[clean], count.size) / np.maximum(count, 1)
    requests = np.concatenate((n[~clean], mean))
    errors = np.concatenate((x[~clean], np.zeros(count.size)))
    cells = np.concatenate((np.ones(int((~clean).sum())), count))
    days = np.concatenate((day[~clean], number // 1024)).astype(np.int64)
    return requests, errors, cells.astype(np.float64), days
