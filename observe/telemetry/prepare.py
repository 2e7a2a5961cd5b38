"""Before anything is pulled: who answers, what there is, what is known, and what it will cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.pool import ThreadPool

from observe.errors import InputError, SourceError
from observe.telemetry.assemble import Table
from observe.telemetry.cache import DayCache, DayQuery
from observe.telemetry.catalogue import ENTRIES, Entry
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.days import days_of, whole_days
from observe.telemetry.dialect import identify
from observe.telemetry.flavour import Flavour, survey
from observe.telemetry.marks import Mark, day_marks, finished_days
from observe.telemetry.planner import Limits, PlannedEntry, make_plan
from observe.telemetry.raw import with_paths
from observe.telemetry.shards import partition, shard_labels
from observe.telemetry.sizes import measure, series_by
from observe.telemetry.steps import Steps, choose_steps

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


@dataclass(frozen=True)
class Preparation:
    """All that is decided before a pull.

    Attributes:
        server: who answers.
        flavour: what there is to read.
        steps: window and steps.
        known: days that need not be asked for.
        plan: what will be asked.
    """

    server: ServerInfo
    flavour: Flavour
    steps: Steps
    known: Known
    plan: tuple[PlannedEntry, ...]


def prepare(
    client: PrometheusClient,
    window_start: datetime,
    window_end: datetime,
    *,
    exclude: Collection[str] = (),
    cache: DayCache | None = None,
) -> Preparation:
    """Find out what is there with cheap queries, and plan the rest.

    Args:
        client: whom to ask.
        window_start: first moment, with a zone.
        window_end: moment after the last one, with a zone.
        exclude: names of frames or catalogue entries that are not asked for.
        cache: where past days are kept.

    Raises:
        InputError: the window is not one, or `exclude` names nothing that is asked.
        SourceError: no Prometheus that can be worked with.
    """
    _check_names(exclude)
    choose_steps(window_start, window_end, 1)  # a wrong window is told before anything is asked
    server = identify(client, client.probe())
    flavour = survey(client, window_start, window_end, server)
    steps = choose_steps(window_start, window_end, flavour.scrape_seconds)
    entries = [e for e in flavour.readable if not {e.name, e.frame} & set(exclude)]
    known = _known(client, flavour, entries, steps, cache)
    days = set(days_of(steps.start, steps.end))
    sizes = measure(
        client,
        [entry for entry in entries if days - known.tables.get(entry.name, {}).keys()],
        flavour.busiest or steps.end,
        flavour.series,
    )

    def divide(entry: Entry, parts: int) -> Sequence[tuple[str, ...]]:
        return _shards(client, entry, parts, steps)

    plan = make_plan(
        entries,
        steps,
        sizes,
        flavour.scrape_seconds,
        limits=Limits.within(client.settings.timeout_seconds),
        divide=divide,
        cached={name: set(days) for name, days in known.tables.items()},
    )
    paths = with_paths(plan, client, server, flavour.scrape_seconds)
    return Preparation(server, flavour, steps, known, tuple(paths))


def _check_names(exclude: Collection[str]) -> None:
    """Refuse names that nothing has."""
    known = {e.name for e in ENTRIES} | {e.frame for e in ENTRIES}
    foreign = sorted(set(exclude) - known)
    if foreign:
        raise InputError(
            f"nothing is called {', '.join(foreign)}", f"Choose from {', '.join(sorted(known))}"
        )


def _known(
    client: PrometheusClient,
    flavour: Flavour,
    entries: Sequence[Entry],
    steps: Steps,
    cache: DayCache | None,
) -> Known:
    metric = next((e.metrics[0] for e in flavour.entries if e.name == "requests"), None)
    if cache is None or metric is None:
        return Known()
    over = finished_days(client, whole_days(steps.start, steps.end), datetime.now(UTC))
    wanted = {
        (entry.name, day): DayQuery.of(
            entry, steps.fine if entry.step == "fine" else steps.coarse, flavour.replica_labels
        )
        for entry in entries
        for day in over
    }
    # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
    pool: AbstractContextManager[ThreadPool] = ThreadPool(_READERS)
    with pool as workers:  # reads files while the server is asked
        kept = workers.starmap_async(cache.read, [(q, day) for (_, day), q in wanted.items()])
        marks = day_marks(client, metric, over, flavour.scrape_seconds)
        found = dict(zip(wanted, kept.get(), strict=True))
    tables: dict[str, dict[datetime, Table]] = {entry.name: {} for entry in entries}
    for (name, day), day_kept in found.items():
        table = cache.checked(day_kept, marks[day]) if day in marks else None
        if table is not None:
            tables[name][day] = table
    return Known(cache, marks, tables)


def _shards(
    client: PrometheusClient, entry: Entry, parts: int, steps: Steps
) -> list[tuple[str, ...]]:
    """Matchers that divide the series of an entry, by the first of its labels that can."""
    for label in shard_labels(entry):
        try:
            found = series_by(client, entry, label, steps.start, steps.end)
        except SourceError:
            return []
        matchers = partition(label, found, parts)
        if matchers:
            return [(matcher,) for matcher in matchers]
    return []
