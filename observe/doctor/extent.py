"""How far a server's samples reach: the oldest one, the newest one, and the hours between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from observe.telemetry.client import PrometheusClient

#: Ages at which it is looked for samples.
AGES = tuple(timedelta(hours=h) for h in (1, 6, 24, 48, 7 * 24, 14 * 24, 30 * 24))
#: Beyond this nobody asks when it began.
_LONG = timedelta(days=7)
#: The beginning is known to a part in so many of the age at which nothing is there.
_PARTS = 60
#: Steps within the 5 minutes that a sample stays visible: none is missed.
_VISIBLE_SECONDS = 240


@dataclass(frozen=True)
class Oldest:
    """Where the samples begin.

    Attributes:
        found_seconds: the largest of some ages at which there are samples; None: at none of them.
        begin_seconds: age of the first sample, up to a sixtieth of the next age too small; None
            where there are samples of a week ago, or none at all.
    """

    found_seconds: float | None
    begin_seconds: float | None = None


def oldest(client: PrometheusClient, metric: str, end: datetime) -> Oldest:
    """Look for samples at growing ages, then for the moment at which they begin.

    Raises:
        SourceError: no answer.
    """
    found: timedelta | None = None
    missing = AGES[0]
    for age in AGES:
        there = client.instant(f"count({metric})", end - age).values.size > 0
        if there:
            found = age
        elif found is not None:
            missing = age
            break
    seconds = found.total_seconds() if found else None
    if found is not None and found >= min(_LONG, missing):
        return Oldest(seconds)
    step = int(missing.total_seconds()) // _PARTS
    seen = client.range(f"count({metric})", end - missing, end - (found or timedelta(0)), step)
    began = end.timestamp() - float(seen.times_ms.min()) / 1000 if seen.times_ms.size else None
    return Oldest(seconds, began)


def newest_seconds(
    client: PrometheusClient, metric: str, start: datetime, end: datetime
) -> float | None:
    """Age of the newest sample of the last hour, at the end of the window."""
    query = f"max(timestamp({metric}))"
    found = client.instant(query, end)
    if not found.values.size:
        hour_ago = max(start, end - timedelta(hours=1))
        found = client.range(query, hour_ago, end, _VISIBLE_SECONDS)
    return end.timestamp() - float(found.values.max()) if found.values.size else None
