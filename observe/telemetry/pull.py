"""Carrying out a plan: what is asked is gathered as it arrives, and past days are kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from observe.telemetry.assemble import Table
from observe.telemetry.client import PrometheusClient
from observe.telemetry.day_keeper import DayKeeper
from observe.telemetry.fetch import Fetcher, Harvest, Progress
from observe.telemetry.gather import Gathering, compact
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.paths import raw_pieces
from observe.telemetry.pieces import Piece
from observe.telemetry.planner import pieces_of
from observe.telemetry.prepare import Preparation
from observe.telemetry.raw import RawReader


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
    deadline = deadline or time.monotonic() + client.settings.run_seconds
    work = _Pull(client, prepared, deadline, progress)
    work.ask([*work.read_raw(), *pieces_of(prepared.plan)])
    return work.done()


class _Pull:
    """One pull, while it goes on."""

    def __init__(
        self,
        client: PrometheusClient,
        prepared: Preparation,
        deadline: float,
        progress: Progress | None,
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._progress = progress
        self._replica_labels = prepared.flavour.replica_labels
        self._planned = {planned.entry.name: planned for planned in prepared.plan}
        self._raw = raw_pieces(prepared.plan)
        awaited = [*self._raw, *pieces_of(prepared.plan)]
        self._keeper = DayKeeper(prepared.known, self._replica_labels, awaited)
        self._whole = Harvest()
        self._gatherings: dict[str, Gathering] = {}
        for name, days in prepared.known.tables.items():
            for _, table in sorted(days.items()):
                self._gathering(name).add(table)
        prepared.known.tables.clear()
        self._answered = bool(self._gatherings)

    def read_raw(self) -> list[Piece]:
        """Read raw what is planned so, and return what is to be asked in PromQL instead."""
        left: list[Piece] = []
        if not self._raw:
            return left
        tell = partial(self._tell, 0, len(self._raw))
        reader = RawReader(self._client, self._replica_labels, self._deadline, tell)
        done = 0
        for together, reading in reader.arrivals(self._raw):
            for piece in together:
                if reading is None:
                    instead = self._planned[piece.entry.name].cut(piece)
                    self._keeper.replace(piece, instead)
                    left += instead
                    continue
                done += 1
                tables = [(part, t) for part, t in reading.tables if part.entry == piece.entry]
                self._arrived(piece, Harvest(tables=tables))
                self._tell(done, len(self._raw), piece.entry.name)
        return left

    def ask(self, pieces: Sequence[Piece]) -> None:
        """Ask for pieces in PromQL.

        Raises:
            SourceError: not a single piece was answered, and nothing was known before.
        """
        fetcher = Fetcher(self._client, self._replica_labels, deadline=self._deadline)
        for piece, harvest in fetcher.arrivals(pieces, self._progress):
            self._arrived(piece, harvest)
        if fetcher.first_error is not None and not self._answered:
            raise fetcher.first_error

    def done(self) -> Pulled:
        """All that was gathered, which is then no longer kept here."""
        taken = {name: gathering.take() for name, gathering in self._gatherings.items()}
        found = {name: table for name, table in taken.items() if table is not None}
        return Pulled(found, self._whole.missing, self._whole.warnings)

    def _arrived(self, piece: Piece, harvest: Harvest) -> None:
        self._answered = self._answered or bool(harvest.tables)
        tables = [(part, compact(table)) for part, table in harvest.tables]
        for _, table in tables:
            self._gathering(piece.entry.name).add(table)
        self._keeper.arrived(piece, tables, harvest)
        self._whole.add(harvest)

    def _gathering(self, name: str) -> Gathering:
        return self._gatherings.setdefault(name, Gathering())

    def _tell(self, done: int, total: int, description: str) -> None:
        if self._progress is not None:
            self._progress(done, total, description)
