"""UTC days: where pieces are cut, so that what was read of a day can be used again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from observe.telemetry.decode import QueryResult
from observe.telemetry.pieces import Piece

DAY = timedelta(days=1)


def midnight(moment: datetime) -> datetime:
    """The last UTC midnight that is not after the moment."""
    day = moment.astimezone(UTC)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def whole_days(start: datetime, end: datetime) -> list[datetime]:
    """Midnights of the days that lie inside a window from their first to their last moment."""
    first = midnight(start)
    if first < start:
        first += DAY
    return [first + i * DAY for i in range(max(0, (end - first) // DAY))]


def days_of(start: datetime, end: datetime) -> list[datetime]:
    """Midnights of all days that a span touches."""
    first = midnight(start)
    return [first + i * DAY for i in range(-((first - end) // DAY))]


def spans_without(
    start: datetime, end: datetime, known: set[datetime]
) -> list[tuple[datetime, datetime]]:
    """What is left of a window without some of its days, as few spans as possible."""
    spans: list[tuple[datetime, datetime]] = []
    for day in days_of(start, end):
        if day in known:
            continue
        first, last = max(day, start), min(day + DAY, end)
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def by_day(piece: Piece, result: QueryResult) -> Iterator[tuple[Piece, QueryResult]]:
    """An answer as one answer a day, each with the series that have samples in it.

    Whatever is made of a day's answer is the same, however many days were asked for at once.
    """
    for day in days_of(piece.start, piece.end):
        first, last = max(day, piece.start), min(day + DAY, piece.end)
        if (first, last) == (piece.start, piece.end):
            yield piece, result
            return
        steps = (last - first) // timedelta(seconds=piece.step)
        yield replace(piece, start=first, steps=steps), _between(result, first, last)


def _between(result: QueryResult, first: datetime, last: datetime) -> QueryResult:
    """Samples of the steps from `first` to `last`; a step's sample lies on its end."""
    begin, end = round(first.timestamp() * 1000), round(last.timestamp() * 1000)
    chosen = np.flatnonzero((result.times_ms > begin) & (result.times_ms <= end))
    used, series = np.unique(result.series[chosen], return_inverse=True)
    return replace(
        result,
        labels=tuple(result.labels[i] for i in used),
        series=series.astype(np.int32),
        times_ms=result.times_ms[chosen],
        values=result.values[chosen],
    )
