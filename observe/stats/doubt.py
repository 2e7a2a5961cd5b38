"""How far the interpolated curve may be off between two bucket bounds.

At a bound the curve is exact. In between, the error grows with the width of the bucket and with
the kink of the curve: how much its slope on log-normal paper changes from one bucket to the
next. `docs/method-quantiles.md` says how the constants were calibrated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from observe.stats.curve import EARLIEST
from observe.stats.histogram import Histogram

Floats = NDArray[np.float64]

#: Half-width in the middle of a straight bucket, and what a full kink adds to it, as parts of
#: the bucket's width in log time, at a confidence of 95 %.
STRAIGHT, KINKED = 0.015, 0.45
#: A slope that changes by more than this factor (e^3) is a full kink, 1; an end of the curve,
#: where there is no bucket beyond, counts as this much of one.
FULL_KINK, END = 3.0, 0.5
#: The error is that much larger at higher confidence: half-width ~ (1 - confidence)^-TAIL.
TAIL = 0.7
#: Shares that were not seen at all are taken as half a request, within these limits.
_SMALLEST, _LARGEST = 1e-7, 1e-2


def curve_error(h: Histogram, times_ms: ArrayLike, confidence: float = 0.95) -> Floats:
    """Half-width of the interpolation error in log time, at durations on the curve.

    Args:
        h: a histogram that is not empty.
        times_ms: durations in ms.
        confidence: of the interval.

    Returns:
        Half-widths, as natural logarithms of a ratio; 0 at a bound, inf in a bucket that holds
        everything or has no end, where the curve is but a guess.
    """
    t = np.maximum(np.asarray(times_ms, dtype=np.float64), 1e-9)
    low = h.lower.copy()
    low[0] = EARLIEST * h.bounds[0]
    at = np.clip(np.searchsorted(h.bounds, t, side="left"), 0, h.bounds.size - 1)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        width = np.log(h.bounds[at] / low[at])
        place = np.clip(np.log(t / low[at]) / width, 0.0, 1.0)
    part = (STRAIGHT + KINKED * _kinks(h)[at]) * (0.05 / (1 - confidence)) ** TAIL
    alone = np.count_nonzero(h.counts) == 1
    bounded = np.isfinite(width) & ~alone
    occupied = np.flatnonzero(h.counts > 0)
    # an end of the curve is held by one bound only: the error stays large up to the other
    free = ((at <= occupied[0]) & (place < 0.5)) | ((at >= occupied[-1]) & (place > 0.5))
    shape = np.where(free, 1.0, 4 * place * (1 - place))
    error: Floats = np.where(bounded, part * shape * np.where(bounded, width, 0.0), np.inf)
    return error


def _kinks(h: Histogram) -> Floats:
    """Change of slope per bucket, from 0 (straight) to 1 (full kink)."""
    unseen = min(max(0.5 / h.total, _SMALLEST), _LARGEST)
    shares = np.clip(h.cumulative / h.total, unseen, 1 - unseen)[:-1]
    slopes = np.diff(ndtri(shares)) / np.diff(np.log(h.bounds[:-1]))
    changes = np.minimum(np.abs(np.diff(np.log(slopes + 1e-3))), FULL_KINK)
    full = np.full(2, FULL_KINK)
    beside = np.concatenate((full, changes, full))  # entry i: between the buckets i - 1 and i
    kinks: Floats = np.maximum(beside[:-1], beside[1:])[: h.bounds.size] / FULL_KINK
    occupied = np.flatnonzero(h.counts > 0)
    kinks[: occupied[0] + 1] = END
    kinks[occupied[-1] :] = END
    return kinks
