"""How many errors in a row eject a host: learned from healthy hosts, judged on other days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from observe.recommend.outlier_base import (
    BaseErrors,
    base_errors,
    fewest_in_a_row,
    healthy_cells,
    in_outage,
    widened,
)
from observe.recommend.outlier_telemetry import Observed
from observe.recommend.policy import OutlierPolicy
from observe.signals.error_cells import ErrorCells
from observe.signals.host_episodes import OUTAGE_SHARE
from observe.stats.interval import design_effect, proportion_interval
from observe.stats.runs import UNKNOWN_DEPENDENCE, Dependence, serial_dependence

End = Literal["low", "middle", "high"]

#: 502, 503 and 504 are counted apart when that asks for at most this part of the errors in a row.
_WORTH_IT = 0.5


@dataclass(frozen=True)
class Base:
    """Errors of healthy hosts in some part of the window.

    Attributes:
        cells: the cells that it comes from.
        errors: all 5xx.
        gateway: 502, 503 and 504 alone.
        unseen: upper end of the share of tries that fail without being counted (0-1).
        outage: requests that were left out because most answers were errors.
        requests: all requests, those included.
    """

    cells: ErrorCells
    errors: BaseErrors
    gateway: BaseErrors
    unseen: float
    outage: float
    requests: float

    def ejections(self, errors: int, gateway: int, which: End = "high") -> float:
        """False ejections a week of these thresholds (0: off).

        Args:
            errors: `consecutive5xxErrors`.
            gateway: `consecutiveGatewayErrors`.
            which: "low", "middle" or "high": the estimate or an end of its interval.
        """
        pairs = ((self.errors, errors), (self.gateway, gateway))
        found = (base.ejections_per_week(k) for base, k in pairs if k > 0)
        return sum(float(getattr(number, which)) for number in found)


@dataclass(frozen=True)
class Thresholds:
    """Errors in a row; 0 is off."""

    errors: int
    gateway: int


def base_of(
    observed: Observed, days: float, policy: OutlierPolicy, part: slice, cut: float = 0.0
) -> Base | None:
    """The errors of healthy hosts in a part of the window.

    Args:
        observed: the telemetry of a target.
        days: length of the part.
        policy: the knobs.
        part: its fine steps.
        cut: share of good answers that a timeout may come to cut (0-1).

    Returns:
        None when there are no requests outside outages.
    """
    step = observed.cells.step
    last = part.stop if part.stop is not None else np.iinfo(np.int64).max
    within = observed.cells.at((step >= (part.start or 0)) & (step < last))
    cells = healthy_cells(within, observed.hosts, observed.failing)
    out = in_outage(cells)
    normal = cells.at(~out)
    if normal.step.size == 0:
        return None
    dependence = _dependence(observed, part)
    hidden = hidden_failures(normal, observed, policy.interval_confidence)
    unseen = (0.0, hidden[0], hidden[1] + cut)
    per_day = round(86_400 / observed.step_seconds)
    errors, gateway = (
        base_errors(normal, narrow, dependence, (days, per_day), policy.interval_confidence, unseen)
        for narrow in (False, True)
    )
    outage, everything = float(cells.requests[out].sum()), float(cells.requests.sum())
    return Base(normal, errors, gateway, hidden[1], outage, everything)


def thresholds(base: Base, policy: OutlierPolicy) -> Thresholds | None:
    """The fewest errors in a row that keep false ejections below the budget.

    Returns:
        None when no number that the policy allows does.
    """
    budget = policy.false_ejections_per_week
    errors = fewest_in_a_row(base.errors, budget, policy)
    if errors is None:
        alone = fewest_in_a_row(base.gateway, budget, policy)
        return None if alone is None else Thresholds(0, alone)
    half = fewest_in_a_row(base.errors, budget / 2, policy)
    if half is None or policy.lowest_consecutive > _WORTH_IT * half:
        return Thresholds(errors, 0)
    gateway = fewest_in_a_row(base.gateway, budget / 2, policy)
    if gateway is None or gateway > _WORTH_IT * half:
        return Thresholds(errors, 0)
    return Thresholds(half, gateway)


def hidden_failures(
    cells: ErrorCells, observed: Observed, confidence: float
) -> tuple[float, float]:
    """Share of the tries that fail without client or server counting it, and its upper end.

    A connect failure that a retry cures is a success at the client, and the server's proxy never
    sees it. Envoy's counter of retries bounds them where it is exposed. Else, of requests with
    a + 1 tries, a share p^(a + 1) gives up (flag URX) when each try fails with p by itself.
    """
    total = float(cells.requests.sum())
    if observed.retried is not None:
        return observed.retried, observed.retried
    if observed.attempts < 1 or total <= 0:
        return 0.0, 0.0
    lost = float(cells.exhausted.sum())
    root = 1.0 / (observed.attempts + 1)
    high = proportion_interval(
        lost, total, confidence, design_effect(cells.exhausted, cells.requests)
    )[1]
    return float((lost / total) ** root), float(high**root)


def _dependence(observed: Observed, part: slice) -> Dependence:
    hosts, failing = observed.hosts, observed.failing
    if hosts is None or failing is None:
        return UNKNOWN_DEPENDENCE
    n, x = hosts.requests[:, part], hosts.errors[:, part]
    outage = (x.sum(axis=0) > OUTAGE_SHARE * n.sum(axis=0))[None]
    left_out = widened(failing[:, part]) | widened(outage)
    return serial_dependence(x, n, ~left_out, hosts.per_coarse)
