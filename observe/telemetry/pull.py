"""Carrying out a plan: what is asked is gathered as it arrives, and past days are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from observe.telemetry.assemble import Table, join
from observe.telemetry.cache import DayQuery
from observe.telemetry.client import PrometheusClient
from observe.telemetry.days import days_of
from observe.telemetry.fetch import Fetcher, Harvest, Progress
from observe.telemetry.gather import Gathering, compact
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.pieces import Piece
from observe.telemetry.planner import pieces_of
from observe.telemetry.prepare import Known, Preparation

#: A day of an entry.
_Day = tuple[str, datetime]


@dataclass
class Pulled:
    """What a pull brought.

    Attributes:
        tables: entry name → all of its samples.
        missing: what was not answered; by entry and time.
        warnings: what the server warned of, each once.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    missing: list[MissingPiece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def pull(
    client: PrometheusClient,
    prepared: Preparation,
    *,
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Ask for what a plan says.

    Args:
        client: whom to ask.
        prepared: the plan and what is known already.
        deadline: moment of `time.monotonic` after which nothing more is asked.
        progress: told about every piece that arrived.

    Raises:
        SourceError: not a single piece was answered, and nothing was known before.
    """
    gatherings: dict[str, Gathering] = {}
    for name, days in prepared.known.tables.items():
        for _, table in sorted(days.items()):
            gatherings.setdefault(name, Gathering()).add(table)
    prepared.known.tables.clear()
    pieces = pieces_of(prepared.plan)
    keeper = DayKeeper(prepared.known, prepared.flavour.replica_labels, pieces)
    fetcher = Fetcher(client, prepared.flavour.replica_labels, deadline=deadline)
    whole, answered = Harvest(), bool(gatherings)
    for piece, harvest in fetcher.arrivals(pieces, progress):
        answered = answered or bool(harvest.tables)
        tables = [(part, compact(table)) for part, table in harvest.tables]
        for _, table in tables:
            gatherings.setdefault(piece.entry.name, Gathering()).add(table)
        keeper.arrived(piece, tables, harvest)
        whole.add(harvest)
    if fetcher.first_error is not None and not answered:
        raise fetcher.first_error
    taken = {name: gathering.take() for name, gathering in gatherings.items()}
    found = {name: table for name, table in taken.items() if table is not None}
    return Pulled(found, whole.missing, whole.warnings)


class DayKeeper:
    """Keeps the days of which everything has arrived.

    Args:
        known: where they are kept, and the marks of the days that may be.
        replica_labels: see :func:`observe.telemetry.catalogue.promql`.
        pieces: all that will arrive.
    """

    def __init__(
        self, known: Known, replica_labels: Sequence[str], pieces: Sequence[Piece]
    ) -> None:
        self._known = known
        self._replica_labels = replica_labels
        touched = ((p.entry.name, day) for p in pieces for day in self._days(p))
        self._awaited: Counter[_Day] = Counter(touched)
        self._parts: dict[_Day, list[Table]] = {}
        self._spoilt: set[_Day] = set()

    def arrived(
        self, piece: Piece, tables: Sequence[tuple[Piece, Table]], harvest: Harvest
    ) -> None:
        """A piece has arrived.

        Args:
            piece: the piece, as it was planned.
            tables: what came, each within a day.
            harvest: what is missing of it, and what the server warned of.
        """
        lost = {day for gap in harvest.missing for day in days_of(gap.start, gap.end)}
        days = self._days(piece)
        for part, table in tables:
            for day in days_of(part.start, part.end):
                if day in days:
                    self._parts.setdefault((piece.entry.name, day), []).append(table)
        for day in days:
            key = (piece.entry.name, day)
            self._awaited[key] -= 1
            if harvest.warnings or day in lost:
                self._spoilt.add(key)
            if self._awaited[key] == 0:
                self._keep(piece, day, self._parts.pop(key, []))

    def _keep(self, piece: Piece, day: datetime, parts: Sequence[Table]) -> None:
        if self._known.cache is None or (piece.entry.name, day) in self._spoilt:
            return
        whole = join(parts) or (parts[0] if parts else None)
        if whole is not None:
            query = DayQuery.of(piece.entry, piece.step, self._replica_labels)
            self._known.cache.store(query, day, self._known.marks[day], compact(whole))

    def _days(self, piece: Piece) -> list[datetime]:
        return [day for day in days_of(piece.start, piece.end) if day in self._known.marks]
