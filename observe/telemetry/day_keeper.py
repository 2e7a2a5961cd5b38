"""Which past days are complete, so that they can be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from observe.telemetry.assemble import Table, join
from observe.telemetry.cache import DayQuery
from observe.telemetry.days import days_of
from observe.telemetry.fetch import Harvest
from observe.telemetry.gather import compact
from observe.telemetry.known import Known
from observe.telemetry.pieces import Piece

#: A day of an entry.
_Day = tuple[str, datetime]


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
        self._awaited: Counter[_Day] = Counter()
        self._parts: dict[_Day, list[Table]] = {}
        self._spoilt: set[_Day] = set()
        self._expect(pieces)

    def replace(self, piece: Piece, instead: Sequence[Piece]) -> None:
        """Other pieces will arrive in the place of one."""
        self._expect(instead)
        self._awaited.subtract((piece.entry.name, day) for day in self._days(piece))

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

    def _expect(self, pieces: Sequence[Piece]) -> None:
        self._awaited.update((p.entry.name, day) for p in pieces for day in self._days(p))

    def _keep(self, piece: Piece, day: datetime, parts: Sequence[Table]) -> None:
        if self._known.cache is None or (piece.entry.name, day) in self._spoilt:
            return
        whole = join(parts) or (parts[0] if parts else None)
        if whole is not None:
            query = DayQuery.of(piece.entry, piece.step, self._replica_labels)
            self._known.cache.store(query, day, self._known.marks[day], compact(whole))

    def _days(self, piece: Piece) -> list[datetime]:
        return [day for day in days_of(piece.start, piece.end) if day in self._known.marks]
