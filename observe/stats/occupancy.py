"""How many requests are under way at an instant, from how many come and how long they take.

The mean is Little's (1961). Around it the number is Poisson's when requests come independently,
whatever the distribution of their durations (M/G/infinity), and wider when they come in batches
or when their rate sways: Whitt (1982) gives the variance of a G/G/infinity system. A negative
binomial distribution has that mean and variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, pdtrc

from observe.errors import InputError

Floats = NDArray[np.float64]

#: Rates of successive minutes are taken to be independent, so that their variance is five times
#: that of five minutes; the telemetry shows nothing shorter than a step.
MINUTES_PER_STEP = 5.0
#: Median of a squared standard normal: turns a median of squares into a mean that outliers spare.
_MEDIAN_OF_SQUARE = 0.4549
#: Mean count below which squares are too coarse to take a median of, and pairs needed.
_LEAST_MEAN, _LEAST_PAIRS = 10.0, 24
_BINS = 8
#: Three standard errors of such a median, times the square root of the pairs.
_CERTAIN = 9.0
#: A swaying rate must explain the classes better than batches by this factor.
_CLEARLY = 0.5
#: Fewer under way than this is nothing.
_NEVER = 1e-9


@dataclass(frozen=True)
class Variation:
    """How counts of requests vary between neighbouring steps.

    Attributes:
        batch: variance over mean that does not depend on the mean: the size of batches (>= 1).
        cv2: squared coefficient of variation of the rate itself, between steps.
    """

    batch: float = 1.0
    cv2: float = 0.0

    def variance(self, means: ArrayLike) -> Floats:
        """Variance of the number under way, where these are its means."""
        m = np.asarray(means, dtype=np.float64)
        spread: Floats = self.batch * m + MINUTES_PER_STEP * self.cv2 * m**2
        return spread


def variation(counts: ArrayLike) -> Variation:
    """Batches and sway of a series of counts, slow trends left out.

    The squared second difference of neighbours, over six, has the expectation batch x m for
    requests that come in batches, m + cv2 x m² for a rate that sways, with m their mean (Gasser,
    Sroka & Jennen-Steinmetz 1986); where the rate only climbs or falls, it is m.
    Medians in classes of m are compared with either, so that a jump now and then does not count
    as what is usual. Where the rhythm is too flat to tell, it is batches: they need more room.

    Args:
        counts: requests per step.

    Returns:
        Chance alone (batch 1, cv2 0) where there is too little to see more.
    """
    n = np.asarray(counts, dtype=np.float64)
    m = (n[2:] + n[1:-1] + n[:-2]) / 3
    d = (n[2:] - 2 * n[1:-1] + n[:-2]) ** 2 / 6  # a slope leaves nothing here
    enough = m >= _LEAST_MEAN
    m, d = m[enough], d[enough]
    if m.size < _LEAST_PAIRS:
        return Variation()
    order = np.array_split(np.argsort(m, kind="stable"), _BINS)
    at = np.array([m[part].mean() for part in order])
    ratio = np.array([np.median(d[part]) for part in order]) / _MEDIAN_OF_SQUARE / at
    if ratio.mean() < 1.0 + _CERTAIN / np.sqrt(m.size):
        return Variation()
    batch = max(1.0, float(np.exp(np.log(ratio).mean())))
    cv2 = max(0.0, float(at @ (ratio - 1.0) / (at @ at)))
    as_batches, as_sway = np.log(ratio / batch), np.log(ratio / (1.0 + cv2 * at))
    if as_sway @ as_sway < _CLEARLY * (as_batches @ as_batches):
        return Variation(1.0, cv2)
    return Variation(batch, 0.0)


def exceeding(means: ArrayLike, limit: int, how: Variation) -> Floats:
    """Probability that more than `limit` are under way, for each of some means.

    Raises:
        InputError: a mean is negative or not a number.
    """
    m = np.asarray(means, dtype=np.float64)
    if not np.all(m >= 0):
        raise InputError("a mean number of requests under way must be a number, 0 or more")
    found = np.zeros_like(m)
    seen = m > _NEVER
    if limit < 0:
        return np.where(m >= 0, 1.0, found)
    excess = how.variance(m) - m
    plain = (excess <= 1e-9 * m) & seen
    found[plain] = pdtrc(limit, m[plain])
    wide = (excess > 1e-9 * m) & seen
    size = m[wide] ** 2 / excess[wide]
    found[wide] = betainc(limit + 1.0, size, m[wide] / (size + m[wide]))
    return found


def quantile(means: ArrayLike, q: float, how: Variation) -> int:
    """The number under way that is not exceeded for a share `q` of the time.

    Args:
        means: mean number under way in each of some steps of equal length.
        q: level, within (0, 1).
        how: how requests come.

    Raises:
        InputError: the level, or a mean, makes no sense.
    """
    if not 0 < q < 1:
        raise InputError("the level of a quantile must lie strictly between 0 and 1")
    m = np.asarray(means, dtype=np.float64)
    if m.size == 0:
        return 0
    low, high = -1, 1 + int(m.max() + 4 * np.sqrt(how.variance(m).max()))
    while exceeding(m, high, how).mean() > 1 - q:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if exceeding(m, middle, how).mean() > 1 - q:
            low = middle
        else:
            high = middle
    return high
