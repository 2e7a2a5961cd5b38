"""How many series a query reads and returns: cheap counts, asked before anything is pulled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from observe.errors import SourceError
from observe.telemetry.catalogue import Entry, promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.moments import Moved, at_moments, spread
from observe.telemetry.shards import restrict, selection

#: The window is looked at in this many places; the largest number counts.
_LOOKS = 2
#: Number of series assumed where nothing is known, and of buckets in a histogram.
_UNKNOWN_SERIES = 1000
_BUCKETS = 20


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
    client: PrometheusClient, entries: Sequence[Entry], moment: datetime, surveyed: int
) -> dict[str, Size]:
    """Count the series of every entry, in one query.

    Args:
        client: whom to ask.
        entries: what will be asked.
        moment: when to count, best where there are many series.
        surveyed: number of series of requests, for servers that refuse to count.

    Returns:
        Entry name → size.
    """
    query = " or ".join(
        f'label_replace({count}, "of", "{name}", "", "")'
        for entry in entries
        for name, count in _counts(entry).items()
    )
    counted: dict[str, int] = {}
    try:
        found = client.instant(query, moment) if entries else None
    except SourceError:
        found = None
    if found is not None:
        counts = np.nan_to_num(found.values, nan=0.0, posinf=0.0, neginf=0.0)
        names = [labels.get("of", "") for labels in found.labels]
        counted = dict(zip(names, counts.astype(np.int64).tolist(), strict=True))
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


def _counts(entry: Entry) -> dict[str, str]:
    """What is counted of an entry, and how.

    Buckets are many, and as many as there are histograms: what is grouped is not counted twice.
    """
    if entry.answer:
        return {f"returned {entry.name}": entry.answer}
    series = selection(entry, promql(entry, 1))
    read = {f"read {entry.name}": f"count({series})"}
    if "le" in entry.by or "workload" in entry.by:  # a workload is made from pods' names
        return read
    return read | {f"returned {entry.name}": f"count(count by ({', '.join(entry.by)}) ({series}))"}


def _size(entry: Entry, counted: Mapping[str, int], surveyed: int) -> Size:
    returned = counted.get(f"returned {entry.name}")
    read = counted.get(f"read {entry.name}", returned if entry.answer else None)
    if read is None:
        known = surveyed * (_BUCKETS if "le" in entry.by else 1) or _UNKNOWN_SERIES
        return Size(known, known, counted=False)
    # Several pods of a workload are one series of the answer; how many, the names must tell.
    if returned is None and "workload" in entry.by:
        return Size(read, read)
    if returned is None:
        returned = round(read * _merged(counted))
    return Size(read, max(1, returned))


def _merged(counted: Mapping[str, int]) -> float:
    """Series of an answer for each that is read, as counted of histograms' sums; 1 if unknown."""
    read = counted.get("read latency-count", 0)
    return counted.get("returned latency-count", read) / read if read else 1.0


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
