"""How much a share swings from one step to the next, beyond chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.errors import InputError

#: Neighbouring pairs below which nothing is said.
_FEWEST_PAIRS = 4


def scatter(exceed: ArrayLike, totals: ArrayLike, steps: NDArray[np.bool_]) -> float:
    """Coefficient of variation of a share between neighbouring steps, chance taken out.

    Half the mean squared difference of neighbours estimates the variance whatever the slow trend
    is (von Neumann 1941): a rhythm that every week repeats does not count as uncertainty, a burst
    does. Of the standardised share, (x - n p) / sqrt(n p (1 - p)), that variance is
    1 + CV² n p / (1 - p).

    Args:
        exceed: requests with the property, per step.
        totals: requests, per step.
        steps: which steps to look at; pairs are neighbours that are both among them.

    Returns:
        The coefficient, 0 when chance explains it all or too few pairs have requests.
    """
    hits = np.asarray(exceed, dtype=np.float64)
    n = np.asarray(totals, dtype=np.float64)
    if hits.shape != n.shape or n.shape != steps.shape:
        raise InputError("scatter needs as many counts as totals and steps")
    seen = steps & (n > 0)
    pairs = seen[1:] & seen[:-1]
    if pairs.sum() < _FEWEST_PAIRS:
        return 0.0
    share = hits[seen].sum() / n[seen].sum()
    if not 0 < share < 1:
        return 0.0
    z = np.zeros_like(n)
    z[seen] = (hits[seen] - n[seen] * share) / np.sqrt(n[seen] * share * (1 - share))
    swing = float(np.mean((z[1:] - z[:-1])[pairs] ** 2) / 2)
    variance = (swing - 1) * (1 - share) / (share * float(n[seen].mean()))
    return float(np.sqrt(max(0.0, variance)))


def effect_of_scatter(cv: float, share: float, requests_per_step: float) -> float:
    """Design effect (Kish 1965) of a share that swings by this much: 1 + CV² n p / (1 - p).

    Args:
        cv: coefficient of variation between steps.
        share: the share whose interval is wanted, such as 0.001 for a p99.9.
        requests_per_step: mean number of requests of a step.

    Returns:
        How many requests of a step are worth one independent request, at least 1.
    """
    if not 0 < share < 1:
        raise InputError("a share must lie strictly between 0 and 1")
    return 1.0 + cv**2 * requests_per_step * share / (1 - share)
