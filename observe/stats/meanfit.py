"""Making a curve agree with the mean duration, as far as the mean can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How far off the curve's mean position within a bucket is expected to be, in bucket widths:
#: between two other buckets, first, last, and alone (docs/method-quantiles.md).
SPREAD_INNER, SPREAD_FIRST, SPREAD_LAST, SPREAD_ALONE = 0.02, 0.20, 0.15, 0.25
#: Relative error of a mean from `_sum`.
MEAN_ERROR = 0.02


def fit_mean(log_times: Floats, table: Floats, mean: float) -> Floats:
    """Shift requests within their buckets so that the mean duration comes out right.

    The difference is shared out by linear-Gaussian conditioning: a bucket takes the more of it,
    the more its own uncertain position contributes to the mean. Within a bucket the shift is an
    exponential tilt, the change of least relative entropy (Kullback 1959).

    Args:
        log_times: K + 1 bounds of adjacent buckets, log ms.
        table: survival at evenly spaced log times of each bucket, shape (K, P), ends at 0.
        mean: mean duration, ms. One that no placement within the buckets can give is ignored.

    Returns:
        A table of the same shape with the same values at the bounds.
    """
    start, width = np.exp(log_times[:-1]), np.diff(np.exp(log_times))
    mass = table[:, 0] - table[:, -1]
    if not mass @ start < mean < mass @ (start + width):
        return table
    steps = np.linspace(0.0, 1.0, table.shape[1])
    times = np.exp(log_times[:-1, None] + np.diff(log_times)[:, None] * steps)
    middles = ((times[:, 1:] + times[:, :-1]) / 2 - start[:, None]) / width[:, None]
    parts = -np.diff(table, axis=1) / np.maximum(mass, 1e-300)[:, None]
    position = (parts * middles).sum(axis=1)
    effect = mass * width
    spread = _spreads(mass.size) * 4 * position * (1 - position)
    missing = mean - mass @ start - effect @ position
    variance = (spread * effect) ** 2
    shift = spread**2 * effect * missing / (variance.sum() + (MEAN_ERROR * mean) ** 2)
    wanted = np.clip(position + shift, 0.02 * position, 1 - 0.02 * (1 - position))
    fitted = table.copy()
    moved = np.flatnonzero((np.abs(wanted - position) > 1e-4) & (mass > 0))
    if moved.size:
        tilted = np.cumsum(_tilted(parts[moved], middles[moved], wanted[moved]), axis=1)
        fitted[moved, 1:-1] = table[moved, :1] - mass[moved, None] * tilted[:, :-1]
    return fitted


def _spreads(buckets: int) -> Floats:
    if buckets == 1:
        return np.array([SPREAD_ALONE])
    spreads = np.full(buckets, SPREAD_INNER)
    spreads[0], spreads[-1] = SPREAD_FIRST, SPREAD_LAST
    return spreads


def _tilted(parts: Floats, at: Floats, wanted: Floats) -> Floats:
    """Weights of each row, changed by exp(k · at) so that their mean position is the wanted one."""
    low, high = np.full(wanted.size, -400.0), np.full(wanted.size, 400.0)
    weights = parts
    for _ in range(40):
        k = (low + high) / 2
        weights = parts * np.exp(k[:, None] * at - np.maximum(k, 0.0)[:, None])
        weights = weights / weights.sum(axis=1, keepdims=True)
        below = (weights * at).sum(axis=1) < wanted
        low, high = np.where(below, k, low), np.where(below, high, k)
    return weights
