"""What a size would have meant on usage that is known: steps above it, days at risk, slack."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.errors import InputError
from observe.stats.seasonal import DAY, HOUR, blocks

Floats = NDArray[np.float64]

#: A day is at risk when more than this was above in it, all steps together.
RISK_SECONDS = HOUR


@dataclass(frozen=True)
class Score:
    """A size held against usage.

    Attributes:
        steps: known steps.
        fraction_above: share of them that used more.
        days: days with a known step.
        days_above: days with at least one step above.
        days_at_risk: days with more than an hour above, all steps together.
        slack: share of the size that nobody used, mean over the steps; NaN without steps.
        worst: the highest use over the size.
    """

    steps: int
    fraction_above: float
    days: int
    days_above: int
    days_at_risk: int
    slack: float
    worst: float


def score(
    used: ArrayLike,
    size: float,
    *,
    step_seconds: int,
    start: int = 0,
    mean: ArrayLike | None = None,
) -> Score:
    """What a request or limit would have meant.

    Args:
        used: by the pod that counts, one a step; NaN for unknown.
        size: of the same unit, above 0.
        step_seconds: length of a step.
        start: of the first step, seconds since 1970 (UTC).
        mean: by a pod on average, where that is known; slack is of this then, because all pods
            get the same size.

    Raises:
        InputError: a size that is not above 0.
    """
    if not size > 0:
        raise InputError("a size must be above 0 to be judged")
    x = np.asarray(used, dtype=np.float64)
    known = np.isfinite(x)
    count = int(known.sum())
    if not count:
        return Score(0, math.nan, 0, 0, 0, math.nan, math.nan)
    above = known & (x > size)
    day = blocks(start, step_seconds, x.size, DAY)
    per_day = np.bincount(day, above) * step_seconds
    return Score(
        steps=count,
        fraction_above=float(above.sum() / count),
        days=int(np.count_nonzero(np.bincount(day, known))),
        days_above=int(np.count_nonzero(per_day)),
        days_at_risk=int(np.count_nonzero(per_day > RISK_SECONDS)),
        slack=_slack(x, size, mean),
        worst=float(x[known].max() / size),
    )


def _slack(used: Floats, size: float, mean: ArrayLike | None) -> float:
    x = used if mean is None else np.asarray(mean, dtype=np.float64)
    x = np.where(np.isfinite(x), x, used)
    x = x[np.isfinite(x)]
    return float(1 - np.minimum(x, size).mean() / size)
