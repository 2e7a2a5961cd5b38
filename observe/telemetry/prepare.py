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
from observe.telemetry.flavour import NAMES, Flavour, survey
from observe.telemetry.frames import HOST_ERRORS
from observe.telemetry.kept_survey import SurveyPlace
from observe.telemetry.known import Known, find_known
from observe.telemetry.planner import Limits, PlannedEntry, make_plan
from observe.telemetry.probes import metric_names
from observe.telemetry.raw import with_paths
from observe.telemetry.shards import partition, shard_labels
from observe.telemetry.sizes import measure, series_by
from observe.telemetry.steps import Steps, choose_steps

_HOSTS = frozenset({"hosts", "host-errors"})


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
    window, asked = (window_start, window_end), _Asked(client, frozenset(exclude), cache)
    names = metric_names(client, NAMES, *window)
    place = SurveyPlace(cache, server, names, *window) if cache is not None else None
    kept = place.load() if place is not None else None
    found = asked.known(kept.flavour, window) if kept is not None else None
    if kept is None or found is None or not kept.holds(found.known.marks):
        found = asked.known(survey(client, *window, server, names), window)
        if place is not None:
            place.store(found.flavour, found.known.marks)
    plan = _plan(client, found.flavour, found.entries, found.steps, found.known)
    paths = with_paths(plan, client, server, found.flavour.scrape_seconds)
    return Preparation(server, found.flavour, found.steps, found.known, tuple(paths))


@dataclass(frozen=True)
class _Found:
    """What there is, what is wanted of it, and what of that is known."""

    flavour: Flavour
    steps: Steps
    entries: Sequence[Entry]
    known: Known


@dataclass(frozen=True)
class _Asked:
    """Whom to ask, what is not wanted, and where days are kept."""

    client: PrometheusClient
    exclude: frozenset[str]
    cache: DayCache | None

    def known(self, flavour: Flavour, window: tuple[datetime, datetime]) -> _Found:
        """What the cache holds of a window in which there is such telemetry."""
        steps = choose_steps(*window, flavour.scrape_seconds)
        entries = [e for e in flavour.readable if not {e.name, e.frame} & _whole(self.exclude)]
        return _Found(
            flavour, steps, entries, find_known(self.client, flavour, entries, steps, self.cache)
        )


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


def _whole(exclude: frozenset[str]) -> frozenset[str]:
    """What is not wanted, with what would say something wrong without it.

    Hosts without their failures would seem to be healthy.
    """
    return exclude | _HOSTS if exclude & {*_HOSTS, HOST_ERRORS.name} else exclude


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
