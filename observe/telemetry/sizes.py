"""How many series a query reads and returns: cheap counts, asked before anything is pulled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from observe.errors import SourceError
from observe.telemetry.catalogue import BUCKETS, REQUESTS, WORKING_SET, Entry, promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.moments import Moved, at_moments, spread
from observe.telemetry.shards import restrict, selection

#: The window is looked at in this many places; the largest number counts.
_LOOKS = 2
#: Number of series assumed where nothing is known.
_UNKNOWN_SERIES = 1000
#: Metrics that were counted by the survey and bound the series of others.
_LIKE = {"latency": BUCKETS, "containers": WORKING_SET}


@dataclass(frozen=True)
class Size:
    """Series at one moment, the most that were seen.

    Attributes:
        read: series that the query reads.
        returned: series that the answer holds.
        counted: whether they were counted, rather than assumed.
    """

    read: int
    returned: int
    counted: bool = True


def measure(
    client: PrometheusClient,
    entries: Sequence[Entry],
    start: datetime,
    end: datetime,
    surveyed: Mapping[str, int],
) -> dict[str, Size]:
    """Count the series of every entry, in a query at a few moments.

    Args:
        client: whom to ask.
        entries: what will be asked.
        start: start of the window.
        end: end of the window.
        surveyed: metric → number of series, for servers that refuse to count.

    Returns:
        Entry name → size.
    """

    def counts(at: str) -> str:
        return " or ".join(
            f'label_replace({count}, "of", "{name}", "", "")'
            for entry in entries
            for name, count in _counts(entry, at).items()
        )

    try:
        counted = _largest(client, counts, "of", start, end) if entries else {}
    except SourceError:
        counted = {}
    return {entry.name: _size(entry, counted, surveyed) for entry in entries}


def series_by(
    client: PrometheusClient,
    entry: Entry,
    label: str,
    start: datetime,
    end: datetime,
    shard: Sequence[str] = (),
) -> dict[str, int]:
    """Series that an entry reads, by the value of a label.

    Raises:
        SourceError: no answer.
    """
    series = restrict(selection(entry, promql(entry, 1)), shard)
    return _largest(client, lambda at: f"count by ({label}) ({series}{at})", label, start, end)


def _counts(entry: Entry, at: str) -> dict[str, str]:
    """What is counted of an entry, and how."""
    series = selection(entry, promql(entry, 1)) + at
    by = [label for label in entry.by if label != "workload"]  # made from pods' names
    return {
        f"read {entry.name}": f"count({series})",
        f"returned {entry.name}": f"count(count by ({', '.join(by)}) ({series}))",
    }


def _size(entry: Entry, counted: Mapping[str, int], surveyed: Mapping[str, int]) -> Size:
    read = counted.get(f"read {entry.name}")
    if read is None:
        metric = _LIKE.get(entry.name) or _LIKE.get(entry.frame) or REQUESTS
        known = surveyed.get(metric, _UNKNOWN_SERIES)
        return Size(known, known, counted=False)
    returned = counted.get(f"returned {entry.name}", read)
    # Several pods of a workload are one series of the answer; how many, the names must tell.
    return Size(read, read if "workload" in entry.by else returned)


def _largest(
    client: PrometheusClient, query: Moved, label: str, start: datetime, end: datetime
) -> dict[str, int]:
    """Value of a label → the largest number seen at moments spread over the window."""
    found = at_moments(client, query, spread(start, end, _LOOKS))
    largest: dict[str, int] = {}
    counts = np.nan_to_num(found.values, nan=0.0, posinf=0.0, neginf=0.0)
    for series, value in zip(found.series.tolist(), counts.tolist(), strict=True):
        name = found.labels[series].get(label, "")
        largest[name] = max(largest.get(name, 0), int(value))
    return largest
