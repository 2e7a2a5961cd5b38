"""Grids of values, groups by steps, that the samples of series are added to as they arrive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read import windows
from observe.telemetry.remote_read.frames import Batch
from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.semantics import Semantics
from observe.telemetry.remote_read.windows import ABSENT_BITS, evaluate

Values = NDArray[np.float64]
SUM, LARGEST, NUMBER = range(3)
_FEWEST_ROWS = 64


@dataclass(frozen=True)
class Ends:
    """The ends of ranges: `first_ms`, `first_ms + step_ms`, ..., `count` of them."""

    first_ms: int
    step_ms: int
    count: int


class Grid:
    """Values of groups at steps: rows are added as groups turn up.

    Args:
        columns: number of steps.
        fill: what a new row is filled with.
    """

    def __init__(self, columns: int, fill: np.int64 = ABSENT_BITS) -> None:
        self._fill = fill
        self._cells = np.empty((0, columns))

    def cells(self, rows: int) -> Values:
        """The first `rows` rows and perhaps some more; valid until more are asked for."""
        have = len(self._cells)
        if rows > have:
            grown = np.empty((max(rows, have + have // 2, _FEWEST_ROWS), self._cells.shape[1]))
            grown[:have] = self._cells
            grown[have:].view(np.int64)[:] = self._fill
            self._cells = grown
        return self._cells


def add(
    batch: Batch,
    groups: NDArray[np.int64],
    cells: Values,
    function: int,
    aggregate: int,
    ends: Ends,
    semantics: Semantics,
) -> None:
    """Evaluate a function over every series and aggregate it into the rows of their groups.

    Args:
        batch: the series.
        groups: row of each of them.
        cells: see :class:`Grid`.
        function: one of the constants of `windows`.
        aggregate: one of the constants above.
        ends: ends of the ranges.
        semantics: how the server evaluates.
    """
    _add(
        batch.times,
        batch.bits.view(np.int64),
        batch.bits.view(np.float64),
        batch.offsets,
        groups,
        cells,
        function,
        aggregate,
        ends.first_ms,
        ends.step_ms,
        semantics.left_open,
        semantics.zero_after_threshold,
        semantics.lookback_ms,
    )


def mark_recorded(
    batch: Batch, recorded: NDArray[np.bool_], ends: Ends, semantics: Semantics
) -> None:
    """Note the steps before which anything was recorded.

    Args:
        batch: the series.
        recorded: set where one of them existed at the start of a step.
        ends: ends of the ranges.
        semantics: how the server evaluates.
    """
    if recorded.all():
        return
    _mark_recorded(
        batch.times,
        batch.bits.view(np.int64),
        batch.offsets,
        recorded,
        ends.first_ms - ends.step_ms,
        ends.step_ms,
        semantics.left_open,
        semantics.lookback_ms,
    )


def aggregate_rows(rows: Values, groups: NDArray[np.int64], cells: Values, aggregate: int) -> None:
    """Aggregate rows that were evaluated before into the rows of their groups."""
    _combine_all(rows, groups, cells, aggregate)


def divided(numerator: Values, denominator: Values) -> Values:
    """A quotient where both sides are present."""
    absent = is_absent(numerator) | is_absent(denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numerator / denominator
    ratio.view(np.int64)[absent] = ABSENT_BITS
    return ratio


def forget(cells: Values, steps: NDArray[np.bool_]) -> None:
    """Make all results at some steps absent, in place."""
    cells.view(np.int64)[:, steps] = ABSENT_BITS


def is_absent(cells: Values) -> NDArray[np.bool_]:
    """Where there is no value, which is another thing than NaN."""
    absent: NDArray[np.bool_] = np.ascontiguousarray(cells).view(np.int64) == ABSENT_BITS
    return absent


@compiled
def _add(
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    values: Values,
    offsets: NDArray[np.int64],
    groups: NDArray[np.int64],
    cells: Values,
    function: int,
    aggregate: int,
    first_end: int,
    step: int,
    left_open: bool,
    late: bool,
    lookback: int,
) -> None:
    row = np.empty(cells.shape[1])
    for series in range(len(groups)):
        a, b = offsets[series], offsets[series + 1]
        evaluate(
            function,
            times[a:b],
            bits[a:b],
            values[a:b],
            first_end,
            step,
            left_open,
            late,
            lookback,
            row,
        )
        _combine(row, cells[groups[series]], aggregate)


@compiled
def _combine(row: Values, cells: Values, aggregate: int) -> None:
    """Add a row of results to a row of the grid; absent results change nothing."""
    row_bits, cell_bits = row.view(np.int64), cells.view(np.int64)
    for k in range(len(row)):
        if row_bits[k] == ABSENT_BITS:
            continue
        value = 1.0 if aggregate == NUMBER else row[k]
        if cell_bits[k] == ABSENT_BITS:
            cells[k] = value
        elif aggregate == LARGEST:
            if value > cells[k] or np.isnan(cells[k]):
                cells[k] = value
        else:
            cells[k] += value


@compiled
def _combine_all(rows: Values, groups: NDArray[np.int64], cells: Values, aggregate: int) -> None:
    for i in range(len(groups)):
        _combine(rows[i], cells[groups[i]], aggregate)


@compiled
def _mark_recorded(
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    recorded: NDArray[np.bool_],
    first_begin: int,
    step: int,
    left_open: bool,
    lookback: int,
) -> None:
    for series in range(len(offsets) - 1):
        a, b = offsets[series], offsets[series + 1]
        until = a
        for k in range(len(recorded)):
            moment = first_begin + k * step
            while until < b and times[until] <= moment:
                until += 1
            if not recorded[k] and windows.exists(
                times[a:b], bits[a:b], until - a, moment, left_open, lookback
            ):
                recorded[k] = True
