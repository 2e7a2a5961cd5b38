"""Marks of past days: a few numbers that tell whether a server still holds the same data of a day.

An address alone does not say whose data is behind it: a port-forward leads to one cluster today
and to another one tomorrow, a token may show less than another, history may be filled in or
deleted. What was kept of a day is used only while the day's mark is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.days import DAY
from observe.telemetry.moments import at_moments, moment_of

#: Total and number of series of the mark's metric, at each of its moments; -1 where there is none.
Mark = tuple[float, ...]

_MOMENTS = tuple(timedelta(hours=hours) for hours in (6, 12, 18, 24))
_ABSENT = -1.0
#: Total of counters may differ by so much: deduplicated replicas are scraped at other moments.
_TOLERANCE = 1e-4
#: Samples may arrive late: remote write catching up, federation, uploads of blocks.
MARGIN = timedelta(hours=3)


def finished_days(
    client: PrometheusClient, days: Sequence[datetime], now: datetime
) -> list[datetime]:
    """The days that were over long ago by the server's clock and by ours.

    Args:
        client: whose clock.
        days: midnights (UTC).
        now: our clock.
    """
    if not days:
        return []
    try:
        told = client.instant("time()").values
    except SourceError:
        return []
    server = float(told[0]) if len(told) else 0.0
    if not math.isfinite(server):
        return []
    until = min(now.timestamp(), server) - MARGIN.total_seconds()
    return [day for day in days if (day + DAY).timestamp() <= until]


def day_marks(
    client: PrometheusClient,
    metric: str,
    days: Sequence[datetime],
    scrape_seconds: float | None = None,
    kept: Callable[[], Mapping[datetime, Collection[Mark]]] = dict,
) -> dict[datetime, Mark]:
    """The mark of each day, from cheap queries; days without data have none.

    Totals are asked first. A day whose totals are to the last digit those of a mark that was kept
    needs no count: one more series would have added to them.

    Args:
        client: whom to ask.
        metric: a metric that all telemetry of interest goes along with.
        days: midnights (UTC), ascending.
        scrape_seconds: distance of its samples, where it is known.
        kept: gives the marks that days had when they were kept.
    """
    try:
        totals = _looked(client, f"sum({metric}%s)", days, scrape_seconds)
        believed = {
            day: mark
            for day, marks in kept().items()
            for mark in marks
            if mark[: len(_MOMENTS)] == totals.get(day)
        }
        left = [day for day in totals if day not in believed]
        counts = _looked(client, f"count({metric}%s)", left, scrape_seconds)
    except SourceError:
        return {}
    return {
        day: believed[day] if day in believed else totals[day] + counts[day]
        for day in totals
        if day in believed or day in counts
    }


def _looked(
    client: PrometheusClient, query: str, days: Sequence[datetime], scrape_seconds: float | None
) -> dict[datetime, Mark]:
    """One number at each moment of the days; days without any, or with NaN, are left out.

    Raises:
        SourceError: no answer, or a part of the stores may be away.
    """
    if not days:
        return {}
    moments = [day + into for day in days for into in _MOMENTS]
    found = at_moments(client, lambda at: query % at, moments, scrape_seconds)
    if found.warnings or found.partial:
        raise SourceError("what is kept of past days cannot be checked with an answer in part")
    values = {
        moment_of(time_ms): value
        for time_ms, value in zip(found.times_ms.tolist(), found.values.tolist(), strict=True)
    }
    marks = {day: tuple(values.get(day + into, _ABSENT) for into in _MOMENTS) for day in days}
    return {
        day: mark
        for day, mark in marks.items()
        if all(map(math.isfinite, mark)) and any(v != _ABSENT for v in mark)
    }


def same(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether two marks speak of the same data."""
    half = len(left) // 2
    if len(left) != len(right) or list(left[half:]) != list(right[half:]):
        return False
    totals = zip(left[:half], right[:half], strict=True)
    return all(math.isclose(a, b, rel_tol=_TOLERANCE) for a, b in totals)
