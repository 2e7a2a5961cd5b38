"""Runs of failures in a row: how often they come by chance, and how long the wait for one is.

Outlier detection counts errors in a row and starts anew at each success and at each ejection,
so ejections by chance are the recurrent event "success run of length k" of Feller (An
Introduction to Probability Theory and Its Applications I, 3rd ed. 1968, XIII.7), with success
and failure swapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from observe.errors import InputError

Floats = NDArray[np.float64]

#: Below this intra-class correlation a share counts as the same everywhere.
_EVEN = 1e-7
#: A share of 1 would make every wait finite; kept just below for the formulas.
_MOST = 1.0 - 1e-9
#: Standard errors from which a slope counts as one, and those of an interval of 95 %.
_SURE_SLOPE, _SURE_95 = 3.0, 1.96
#: Pairs of neighbouring steps with errors, and steps with errors, that are needed.
_ENOUGH_PAIRS, _FEWEST_STEPS = 50, 10


def mean_wait(k: int, share: ArrayLike, dependence: float = 0.0) -> Floats:
    """Requests until there were `k` errors in a row, on average.

    With P(error after an error) = r and P(error after a success) = a the mean is
    (1/a + (1 - r^(k-1)) / (1 - r)) / r^(k-1); for independent requests (a = r = p) this is
    Feller's (1 - p^k) / ((1 - p) p^k).

    Args:
        k: errors in a row, at least 1.
        share: share of the requests that fail (0-1), of any shape.
        dependence: lag-one correlation between neighbouring requests, within [0, 1).

    Returns:
        Requests, inf where nothing fails.

    Raises:
        InputError: `k` below 1 or a dependence outside [0, 1).
    """
    if k < 1 or not 0 <= dependence < 1:
        raise InputError("a run has at least one error and a dependence within [0, 1)")
    p = np.clip(np.asarray(share, dtype=np.float64), 0.0, _MOST)
    after_error = p + dependence * (1 - p)
    after_success = p * (1 - dependence)
    with np.errstate(divide="ignore", over="ignore"):
        power = after_error ** (k - 1)
        wait: Floats = (1 / after_success + (1 - power) / (1 - after_error)) / power
    return np.where(p > 0, wait, np.inf)


def expected_runs(k: int, share: float, requests: int) -> float:
    """Expected number of runs of `k` errors in so many independent requests, exactly.

    With u_n the probability that a run ends at request n, u_n + p u_(n-1) + ... +
    p^(k-1) u_(n-k+1) = p^k for n >= k (Feller XIII.7.6); the expected number is the sum of u_n.
    """
    ends = np.zeros(requests + 1)
    powers = share ** np.arange(1, k)
    for n in range(k, requests + 1):
        ends[n] = share**k - float(np.dot(powers, ends[n - 1 : n - k : -1]))
    return float(ends.sum())


@dataclass(frozen=True)
class ErrorShares:
    """Shares of errors that differ from group to group, as a beta distribution.

    Attributes:
        mean: share of all requests (0-1).
        correlation: intra-class correlation; 0 when the share is the same in all groups.
    """

    mean: float
    correlation: float

    @classmethod
    def fit(cls, errors: Floats, requests: Floats, mean: float | None = None) -> ErrorShares:
        """Moments of a beta-binomial (analysis of variance: Ridout et al. 1999).

        Args:
            errors: errors, per group.
            requests: requests, per group, all above 0.
            mean: the mean to use in place of the one that was seen, such as its upper bound.
        """
        total = float(requests.sum())
        seen = float(errors.sum()) / total if total > 0 else 0.0
        used = seen if mean is None else mean
        if errors.size < 2 or not 0 < seen < 1:
            return cls(used, 0.0)
        groups = errors.size
        share = errors / requests
        between = float(np.sum(requests * (share - seen) ** 2)) / (groups - 1)
        within = float(np.sum(requests * share * (1 - share))) / max(total - groups, 1e-9)
        size = (total - float(np.sum(requests**2)) / total) / (groups - 1)
        spread = between + (size - 1) * within
        rho = (between - within) / spread if spread > 0 else 0.0
        return cls(used, float(np.clip(rho, 0.0, 0.99)))

    def moment(self, k: int, errors: Floats, requests: Floats) -> Floats:
        """The share p of each group for which p^k is what is expected of the k-th power.

        The group's own counts and what the others are like are weighed by Bayes' rule; a group
        with few requests is taken for what the others are.
        """
        if self.mean <= 0 or self.correlation < _EVEN:
            return np.full(np.shape(errors), self.mean)
        strength = 1 / self.correlation - 1
        a = self.mean * strength + np.minimum(errors, requests)
        b = (1 - self.mean) * strength + np.maximum(requests - errors, 0.0)
        powers: Floats = np.exp((betaln(a + k, b) - betaln(a, b)) / k)
        return powers


class Dependence(NamedTuple):
    """Correlation between a request to a host and the next one, with its interval (95 %)."""

    low: float
    value: float
    high: float


#: Where it cannot be measured, one error in ten might bring another with it.
UNKNOWN_DEPENDENCE = Dependence(0.0, 0.0, 0.1)


def serial_dependence(
    errors: Floats, requests: Floats, healthy: NDArray[np.bool_], known_together: int = 1
) -> Dependence:
    """How much an error makes the next request to the same host fail too.

    Errors in a step are spread over the hosts by chance when they are independent. What is
    beyond chance and does not grow with the number of requests comes from errors that follow one
    another: of a two-state Markov chain with lag-one correlation c, the variance of a count is
    (1 + c) / (1 - c) times the binomial one. Variance that grows with the requests comes from
    shares that differ, and slow differences between hosts cancel in the differences of
    neighbouring steps (von Neumann 1941).

    Args:
        errors: errors, per host and step (H, T).
        requests: requests, alike.
        healthy: which of them to look at.
        known_together: requests of a host are known for so many steps together; those of one
            step are then a guess, and errors scatter as a Poisson number does.

    Returns:
        Correlations within [0, 1); UNKNOWN_DEPENDENCE when errors came in fewer than ten steps.
    """
    n = np.where(healthy, requests, 0.0)
    x = np.where(healthy, errors, 0.0)
    total = n.sum(axis=0)
    share = np.divide(x.sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    expected = n * share
    alone = np.divide(n, total, out=np.ones_like(n), where=n > 0)
    variance = expected * (1 - share / known_together) * (1 - alone)
    seen = variance > 0
    z = np.divide(x - expected, np.sqrt(variance), out=np.zeros_like(n), where=seen)
    pairs = seen[:, 1:] & seen[:, :-1]
    if pairs.sum() >= _ENOUGH_PAIRS:
        swing = ((z[:, 1:] - z[:, :-1]) ** 2 / 2)[pairs]
        volume = ((n[:, 1:] + n[:, :-1]) / 2)[pairs]
    else:  # errors are rare: few steps have one that the step before has too
        swing, volume = z[seen] ** 2, n[seen]
    if seen.any(axis=0).sum() < _FEWEST_STEPS:
        return UNKNOWN_DEPENDENCE
    serial, error = _constant_part(swing, volume)
    hosts = max(2, int(seen.any(axis=1).sum()))
    # neighbouring differences share a step, and what one host has more the others have less
    error *= np.sqrt(1.5 * hosts / (hosts - 1))
    ends = (serial + times * error for times in (-_SURE_95, 0.0, _SURE_95))
    return Dependence(*(float(np.clip((d - 1) / (d + 1), 0.0, 0.95)) for d in ends))


def _constant_part(swing: Floats, volume: Floats) -> tuple[float, float]:
    """Intercept of swing against volume where the slope is surely above 0, else the mean.

    Returns:
        The intercept (chance alone gives 1), and its standard error.
    """
    number, centre = swing.size, float(volume.mean())
    spread = volume - centre
    power = float(np.dot(spread, spread))
    slope = float(np.dot(spread, swing)) / power if power > 0 else 0.0
    noise = float(np.std(swing))
    of_slope = noise / np.sqrt(power) if power > 0 else np.inf
    if slope <= _SURE_SLOPE * of_slope:
        return float(swing.mean()), noise / np.sqrt(number)
    error = noise * np.sqrt(1 / number + centre**2 / power)
    return max(float(swing.mean()) - slope * centre, 0.0), float(error)
