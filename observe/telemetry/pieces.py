"""Pieces of the catalogue: one entry over a part of the window, and perhaps of its series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from observe.telemetry.catalogue import Entry

_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Piece:
    """An entry over whole steps.

    Attributes:
        entry: what is asked.
        start: start of the first step.
        step: seconds of a step.
        steps: number of steps, at least 1.
        shard: label matchers that select the part of the series that is asked for; none for all.
    """

    entry: Entry
    start: datetime
    step: int
    steps: int
    shard: tuple[str, ...] = ()

    @property
    def end(self) -> datetime:
        """End of the last step."""
        return self.start + timedelta(seconds=self.step * self.steps)

    @property
    def first_evaluation(self) -> datetime:
        """End of the first step: a step's increase is known when it is over."""
        return self.start + timedelta(seconds=self.step)

    def split(self, longest: int) -> Iterator[Piece]:
        """The same span in pieces of at most `longest` steps."""
        for offset in range(0, self.steps, longest):
            yield self._part(offset, min(longest, self.steps - offset))

    def cut(self, longest: int) -> Iterator[Piece]:
        """The same span in pieces of at most `longest` steps, cut at midnights (UTC).

        Pieces hold as many whole days as fit. Where not even one does, a day is cut into parts of
        nearly the same length.
        """
        per_day = _DAY_SECONDS // self.step
        to_midnight = per_day - int(self.start.astimezone(UTC).timestamp()) // self.step % per_day
        offset = 0
        while offset < self.steps:
            left = self.steps - offset
            first = to_midnight if offset == 0 else per_day
            if left <= longest:
                length = left
            elif first <= longest:
                length = first + (longest - first) // per_day * per_day
            else:
                day = min(first, left)
                yield from self._part(offset, day)._evenly(longest)
                offset += day
                continue
            yield self._part(offset, length)
            offset += length

    def _evenly(self, longest: int) -> Iterator[Piece]:
        parts = -(-self.steps // longest)
        bounds = [self.steps * i // parts for i in range(parts + 1)]
        for begin, end in pairwise(bounds):
            yield self._part(begin, end - begin)

    def _part(self, offset: int, steps: int) -> Piece:
        start = self.start + timedelta(seconds=self.step * offset)
        return replace(self, start=start, steps=steps)
