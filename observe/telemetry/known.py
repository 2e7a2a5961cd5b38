"""What the cache holds of a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.pool import ThreadPool

from observe.telemetry.assemble import Table
from observe.telemetry.cache import DayCache, DayQuery, Kept
from observe.telemetry.catalogue import Entry
from observe.telemetry.client import PrometheusClient
from observe.telemetry.days import whole_days
from observe.telemetry.flavour import Flavour
from observe.telemetry.marks import Mark, day_marks, finished_days
from observe.telemetry.steps import Steps

#: Files that are read at the same time.
_READERS = 2


@dataclass
class Known:
    """What the cache holds of a window.

    Attributes:
        cache: where days are kept; None for nowhere.
        marks: marks of the days (UTC) of the window that are over; others are not kept.
        tables: entry name → day → its samples.
    """

    cache: DayCache | None = None
    marks: Mapping[datetime, Mark] = field(default_factory=dict)
    tables: dict[str, dict[datetime, Table]] = field(default_factory=dict)


def find_known(
    client: PrometheusClient,
    flavour: Flavour,
    entries: Sequence[Entry],
    steps: Steps,
    cache: DayCache | None,
) -> Known:
    """The days of a window that were kept before and that the server still holds alike.

    Args:
        client: whom to ask for the marks of the days.
        flavour: what there is to read.
        entries: what is wanted.
        steps: window and steps.
        cache: where days are kept; None for nowhere.
    """
    metric = next((e.metrics[0] for e in flavour.entries if e.name == "requests"), None)
    if cache is None or metric is None:
        return Known()
    over = finished_days(client, whole_days(steps.start, steps.end), datetime.now(UTC))
    copies = flavour.replica_labels
    queries = [
        DayQuery.of(entry, steps.fine if entry.step == "fine" else steps.coarse, copies)
        for entry in entries
    ]
    wanted = [(query, day) for query in queries for day in over]
    # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
    pool: AbstractContextManager[ThreadPool] = ThreadPool(_READERS)
    with pool as workers:  # reads files while the server is asked
        reading = workers.starmap_async(cache.read, wanted)
        marks = day_marks(
            client, metric, over, flavour.scrape_seconds, lambda: _told(wanted, reading.get())
        )
        kept = reading.get()
    tables: dict[str, dict[datetime, Table]] = {entry.name: {} for entry in entries}
    for (query, day), found in zip(wanted, kept, strict=True):
        table = cache.checked(found, marks[day]) if day in marks else None
        if table is not None:
            tables[query.entry][day] = table
    return Known(cache, marks, tables)


def _told(
    wanted: Sequence[tuple[DayQuery, datetime]], kept: Sequence[Kept | None]
) -> dict[datetime, set[Mark]]:
    """The marks that files tell of their days."""
    told: dict[datetime, set[Mark]] = {}
    for (_, day), file in zip(wanted, kept, strict=True):
        if file is not None:
            told.setdefault(day, set()).add(file.mark)
    return told
