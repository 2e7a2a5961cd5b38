"""Before anything is pulled: who answers, what there is, what is known, and what it will cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from observe.errors import InputError, SourceError
from observe.telemetry.cache import DayCache
from observe.telemetry.catalogue import ENTRIES, Entry
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.days import days_of
from observe.telemetry.dialect import identify
from observe.telemetry.flavour import Flavour, survey
from observe.telemetry.known import Known, find_known
from observe.telemetry.planner import Limits, PlannedEntry, make_plan
from observe.telemetry.raw import with_paths
from observe.telemetry.shards import partition, shard_labels
from observe.telemetry.sizes import measure, series_by
from observe.telemetry.steps import Steps, choose_steps


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
    known = find_known(client, flavour, entries, steps, cache)
    plan = _plan(client, flavour, entries, steps, known)
    paths = with_paths(plan, client, server, flavour.scrape_seconds)
    return Preparation(server, flavour, steps, known, tuple(paths))


def _plan(
    client: PrometheusClient,
    flavour: Flavour,
    entries: Sequence[Entry],
    steps: Steps,
    known: Known,
) -> list[PlannedEntry]:
    """What is asked for, in PromQL; nothing is counted of what is known."""
    days = set(days_of(steps.start, steps.end))
    sizes = measure(
        client,
        [entry for entry in entries if days - known.tables.get(entry.name, {}).keys()],
        flavour.busiest or steps.end,
        flavour.series,
    )

    def divide(entry: Entry, parts: int) -> Sequence[tuple[str, ...]]:
        return _shards(client, entry, parts, steps)

    return make_plan(
        entries,
        steps,
        sizes,
        flavour.scrape_seconds,
        limits=Limits.within(client.settings.timeout_seconds),
        divide=divide,
        cached={name: set(days) for name, days in known.tables.items()},
    )


def _check_names(exclude: Collection[str]) -> None:
    """Refuse names that nothing has."""
    known = {e.name for e in ENTRIES} | {e.frame for e in ENTRIES}
    foreign = sorted(set(exclude) - known)
    if foreign:
        raise InputError(
            f"nothing is called {', '.join(foreign)}", f"Choose from {', '.join(sorted(known))}"
        )


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
