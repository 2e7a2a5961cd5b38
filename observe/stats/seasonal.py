"""Steps by the clock: hours, days, the hour of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR, DAY, WEEK = 3_600, 86_400, 604_800
#: 1970-01-01 was a Thursday; weeks are counted from a Monday.
_THURSDAY = 3
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def blocks(start: int, step_seconds: int, count: int, length: int) -> Ints:
    """Which block of the clock each step belongs to: 0 for that of the first step, and so on.

    Args:
        start: of the first step, seconds since 1970 (UTC).
        step_seconds: length of a step.
        count: number of steps.
        length: of a block in seconds, such as :data:`DAY`; blocks start at multiples of it.
    """
    at = (start + step_seconds * np.arange(count, dtype=np.int64)) // length
    return at - at[0] if count else at


def levels(values: ArrayLike, block: Ints, q: float, least_known: float = 0.5) -> Floats:
    """A quantile of each block's steps.

    Args:
        values: one a step; NaN for unknown.
        block: from :func:`blocks`.
        q: level, within [0, 1].
        least_known: a block of which a smaller share is known than this is unknown itself. The
            share is of the longest block, so that one which the window cuts off is judged too.

    Returns:
        One value per block; NaN where unknown.
    """
    x = np.asarray(values, dtype=np.float64)
    if not x.size:
        return np.empty(0)
    rows, place = int(block[-1]) + 1, np.arange(x.size) - np.searchsorted(block, block)
    table = np.full((rows, int(place.max()) + 1), np.nan)
    table[block, place] = x
    table.sort(axis=1)  # unknown last
    known = np.isfinite(table).sum(axis=1)
    at = q * np.maximum(known - 1, 0)
    low = np.floor(at).astype(np.int64)
    high, row = np.ceil(at).astype(np.int64), np.arange(rows)
    found = table[row, low] + (at - low) * (table[row, high] - table[row, low])
    enough = (known >= least_known * table.shape[1]) & (known > 0)
    return np.where(enough, found, np.nan)


def hour_of_week(start: int, hour: int) -> str:
    """The name of an hour, such as "Mon 09:00" (UTC).

    Args:
        start: of the first step, seconds since 1970 (UTC).
        hour: its number among the hours that :func:`blocks` counts.
    """
    at = start // HOUR + hour
    return f"{_DAYS[(at // 24 + _THURSDAY) % 7]} {at % 24:02d}:00"
