"""Marks of past days: a few numbers that tell whether a server still holds the same data of a day.

An address alone does not say whose data is behind it: a port-forward leads to one cluster today
and to another one tomorrow, a token may show less than another, history may be filled in or
deleted. What was kept of a day is used only while the day's mark is the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
) -> dict[datetime, Mark]:
    """The mark of each day, from cheap queries; days without data have none.

    Args:
        client: whom to ask.
        metric: a metric that all telemetry of interest goes along with.
        days: midnights (UTC), ascending.
        scrape_seconds: distance of its samples, where it is known.
    """
    if not days:
        return {}

    def both(at: str) -> str:
        return " or ".join(
            f'label_replace({function}({metric}{at}), "of", "{function}", "", "")'
            for function in ("sum", "count")
        )

    try:
        moments = [day + into for day in days for into in _MOMENTS]
        found = at_moments(client, both, moments, scrape_seconds)
    except SourceError:
        return {}
    values: dict[tuple[str, datetime], float] = {}
    for series, time_ms, value in zip(
        found.series.tolist(), found.times_ms.tolist(), found.values.tolist(), strict=True
    ):
        values[found.labels[series].get("of", ""), moment_of(time_ms)] = value
    if found.warnings or found.partial:
        return {}  # a part of the stores may be away; what is kept cannot be checked
    marks = {day: _mark(values, day) for day in days}
    return {day: mark for day, mark in marks.items() if any(v != _ABSENT for v in mark)}


def same(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether two marks speak of the same data."""
    half = len(left) // 2
    if len(left) != len(right) or list(left[half:]) != list(right[half:]):
        return False
    totals = zip(left[:half], right[:half], strict=True)
    return all(math.isclose(a, b, rel_tol=_TOLERANCE) for a, b in totals)


def _mark(values: dict[tuple[str, datetime], float], day: datetime) -> Mark:
    return tuple(
        value if math.isfinite(value := values.get((of, day + into), _ABSENT)) else _ABSENT
        for of in ("sum", "count")
        for into in _MOMENTS
    )
