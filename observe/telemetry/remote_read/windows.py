"""Functions over the ranges of one series, step by step, as Prometheus evaluates them.

`increase` follows prometheus/promql/functions.go (extrapolatedRate) to the last operation, so that
this path and PromQL agree to rounding: resets are added back, the result is extrapolated to the
ends of the range unless the first or last sample is further off than 1.1 mean distances, and never
below zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.kernels import compiled

Times = NDArray[np.int64]
Values = NDArray[np.float64]

#: A NaN that no arithmetic makes: no result at this step.
ABSENT_BITS = np.int64(0x7FF8_0000_0000_0ABC)
#: What Prometheus stores when a series ended.
STALE_BITS = np.int64(0x7FF0_0000_0000_0002)
#: A counter that is first seen above this has a past (templates.first_values).
SMALL_FIRST_VALUE = 10.0

INCREASE, RATE, COUNT, MAXIMUM, PRESENT, FIRST = range(6)


# In one piece, though long: a call for each sample would cost more than what it does.
@compiled
def evaluate(
    function: int,
    times: Times,
    bits: NDArray[np.int64],
    values: Values,
    first_end: int,
    step: int,
    left_open: bool,
    late: bool,
    lookback: int,
    row: Values,
) -> None:
    """Write one value a step to `row`, `ABSENT_BITS` where there is none.

    Args:
        function: one of the constants above.
        times: milliseconds of the samples of one series, ascending.
        bits: their values as bits; stale markers are among them.
        values: the same as numbers.
        first_end: end of the first range, milliseconds.
        step: milliseconds between ends, which is also the length of a range.
        left_open: see `Semantics.left_open`.
        late: see `Semantics.zero_after_threshold`.
        lookback: see `Semantics.lookback_ms`.
        row: one element a step.
    """
    row_bits = row.view(np.int64)
    first, last = 0, 0
    for k in range(len(row)):
        end = first_end + k * step
        begin = end - step
        while first < len(times) and (
            times[first] < begin or (left_open and times[first] == begin)
        ):
            first += 1
        last = max(first, last)
        while last < len(times) and times[last] <= end:
            last += 1
        row_bits[k] = ABSENT_BITS
        if function in (INCREASE, RATE):
            per = step / 1000.0 if function == RATE else 1.0
            _increase(times, bits, values, first, last, begin, end, late, per, row, k)
        elif function == PRESENT:
            if exists(times, bits, last, end, left_open, lookback):
                row[k] = 1.0
        elif function == FIRST:
            # The sample on an open start belongs to what was before.
            until = first
            while until < last and times[until] <= begin:
                until += 1
            if not exists(times, bits, until, begin, left_open, lookback):
                _smallest(bits, values, first, last, row, k)
        else:
            _count_or_maximum(function == COUNT, bits, values, first, last, row, k)


@compiled
def exists(
    times: Times, bits: NDArray[np.int64], until: int, moment: int, left_open: bool, lookback: int
) -> bool:
    """Whether an instant selector finds the series: `until` samples are not after the moment."""
    if until == 0 or bits[until - 1] == STALE_BITS:
        return False
    age = moment - times[until - 1]
    return bool(age < lookback or (age == lookback and not left_open))


@compiled
def _increase(
    times: Times,
    bits: NDArray[np.int64],
    values: Values,
    first: int,
    last: int,
    begin: int,
    end: int,
    late: bool,
    per: float,
    row: Values,
    k: int,
) -> None:
    while first < last and bits[first] == STALE_BITS:
        first += 1
    while last > first and bits[last - 1] == STALE_BITS:
        last -= 1
    count, before = 0, 0.0
    gained = values[last - 1] - values[first] if last > first else 0.0
    for i in range(first, last):
        if bits[i] == STALE_BITS:
            continue
        if count and values[i] < before:
            gained += before
        before = values[i]
        count += 1
    if count < 2:
        return
    sampled = (times[last - 1] - times[first]) / 1000.0
    distance = sampled / (count - 1)
    to_start, to_end = (times[first] - begin) / 1000.0, (end - times[last - 1]) / 1000.0
    threshold = distance * 1.1
    if late and to_start >= threshold:
        to_start = distance / 2.0
    if gained > 0.0 and values[first] >= 0.0:
        to_zero = sampled * (values[first] / gained)
        if to_zero < to_start:
            to_start = to_zero
    whole = sampled
    whole += to_start if late or to_start < threshold else distance / 2.0
    whole += to_end if to_end < threshold else distance / 2.0
    row[k] = gained * (whole / sampled / per)


@compiled
def _smallest(
    bits: NDArray[np.int64], values: Values, first: int, last: int, row: Values, k: int
) -> None:
    """The smallest value, when it is small."""
    smallest = np.inf
    found = False
    for i in range(first, last):
        if bits[i] != STALE_BITS and values[i] <= smallest:
            smallest = values[i]
            found = True
    if found and smallest <= SMALL_FIRST_VALUE:
        row[k] = smallest


@compiled
def _count_or_maximum(
    counted: bool,
    bits: NDArray[np.int64],
    values: Values,
    first: int,
    last: int,
    row: Values,
    k: int,
) -> None:
    count, largest = 0, np.nan
    for i in range(first, last):
        if bits[i] != STALE_BITS:
            count += 1
            if not values[i] <= largest:  # the first one, and whatever is not a number before it
                largest = values[i] if not np.isnan(values[i]) else largest
    if count:
        row[k] = float(count) if counted else largest
