"""How often proxies are scraped, read from the number of samples in a span."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

#: Intervals that people configure, in seconds.
_USUAL = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1200, 1800)


def scrape_interval(counts: Iterable[float], span_seconds: float) -> float | None:
    """Scrape interval in seconds, None when no two samples were seen anywhere.

    n samples in a span of W seconds mean an interval between W/n (the span holds n whole
    intervals) and W/(n-1) (there is a sample on either end). A usual interval in between is the
    answer, else W/n. The largest count decides: gaps make counts smaller, nothing larger.

    Args:
        counts: samples of well covered series at several moments.
        span_seconds: length of the span that was counted in.
    """
    most = max(counts, default=0.0)
    if not most >= 2:
        return None
    low, high = span_seconds / most, span_seconds / (most - 1)
    usual = [u for u in _USUAL if low * 0.999 <= u <= high * 1.001]
    return float(min(usual, key=lambda u: abs(u - low))) if usual else low


def spacing(times_ms: ArrayLike) -> float | None:
    """Scrape interval in seconds from the times of one series' samples, None for fewer than two.

    The median distance of neighbours, which gaps do not move, rounded to a usual interval when
    one is within 5 %.
    """
    distances = np.diff(np.asarray(times_ms, dtype=np.float64)) / 1000
    if distances.size == 0:
        return None
    middle = float(np.median(distances))
    nearest = min(_USUAL, key=lambda usual: abs(usual - middle))
    return float(nearest) if abs(nearest - middle) <= 0.05 * nearest else middle
