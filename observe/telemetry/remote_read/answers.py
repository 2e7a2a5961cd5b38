"""Aggregated rows as the answers that PromQL would have given, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from observe.telemetry.decode import QueryResult
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read import sums
from observe.telemetry.remote_read.recipes import Part, Recipe
from observe.telemetry.remote_read.sink import Rows
from observe.telemetry.remote_read.sums import Ends, Values

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Series:
    """Rows of an answer: the labels of each, and its cells."""

    labels: list[dict[str, str]]
    cells: Values


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def ends_of(piece: Piece) -> Ends:
    """The ends of the steps of a piece."""
    return Ends(milliseconds(piece.first_evaluation), piece.step * 1000, piece.steps)


def answers(
    piece: Piece, how: Recipe, results: Sequence[tuple[Part, Rows]]
) -> Iterator[tuple[Piece, QueryResult]]:
    """The answer to a piece, cut at midnights (UTC).

    Args:
        piece: what was read.
        how: its recipe.
        results: the rows of each part of the recipe.
    """
    combined = _combined(piece, how, results)
    for day, columns in _by_day(piece):
        yield day, _as_result(day, combined, columns)


def _combined(piece: Piece, how: Recipe, results: Sequence[tuple[Part, Rows]]) -> list[_Series]:
    if how.combine == "join":
        return [_Series(_named(piece, rows.labels, part), rows.cells) for part, rows in results]
    (part, above), (_, below) = results
    position = {labels: i for i, labels in enumerate(below.labels)}
    both = [(i, position[labels]) for i, labels in enumerate(above.labels) if labels in position]
    first, second = [i for i, _ in both], [i for _, i in both]
    ratio = sums.divided(above.cells[first], below.cells[second])
    return [_Series(_named(piece, [above.labels[i] for i in first], part), ratio)]


def _named(piece: Piece, rows: Sequence[tuple[str, ...]], part: Part) -> list[dict[str, str]]:
    """Values of labels with their names; those that a row does not carry are left out."""
    by, more = piece.entry.by, dict([part.label]) if part.label else {}
    return [{k: v for k, v in zip(by, row, strict=True) if v} | more for row in rows]


def _by_day(piece: Piece) -> Iterator[tuple[Piece, slice]]:
    """The parts of a piece, and which of its steps they are."""
    step = timedelta(seconds=piece.step)
    begin = 0
    while begin < piece.steps:
        start = (piece.start + begin * step).astimezone(UTC)
        into_day = start - start.replace(hour=0, minute=0, second=0, microsecond=0)
        end = min(piece.steps, begin + -((into_day - _DAY) // step))
        yield replace(piece, start=start, steps=end - begin), slice(begin, end)
        begin = end


def _as_result(piece: Piece, parts: Sequence[_Series], columns: slice) -> QueryResult:
    """Some steps; zeros are left out where they say nothing."""
    labels: list[dict[str, str]] = []
    series, at, values = [], [], []
    for part in parts:
        some = np.ascontiguousarray(part.cells[:, columns])
        present = ~sums.is_absent(some)
        useful = np.flatnonzero(present.any(axis=1))
        cells, present = some[useful], present[useful]
        keep = present & (cells != 0) if piece.entry.positive else present
        row, column = np.nonzero(keep)
        series.append((row + len(labels)).astype(np.int32))
        at.append(column)
        values.append(cells[row, column])
        labels.extend(part.labels[i] for i in useful.tolist())
    ends = ends_of(piece)
    return QueryResult(
        labels=tuple(labels),
        series=np.concatenate(series),
        times_ms=ends.first_ms + np.concatenate(at) * ends.step_ms,
        values=np.concatenate(values),
    )
