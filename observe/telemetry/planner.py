"""The plan of a pull: each query sized before it is asked, and cut so that no limit is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Literal

from observe.telemetry.catalogue import Entry
from observe.telemetry.days import spans_without, whole_days
from observe.telemetry.pieces import Piece
from observe.telemetry.sizes import Size
from observe.telemetry.steps import Steps

Path = Literal["PromQL", "remote read", "cache"]
#: Gives label matchers that divide an entry's series into about so many parts.
Divide = Callable[[Entry, int], Sequence[tuple[str, ...]]]

#: A value of an answer in JSON: `[1767225600,"12.345678901"],`.
VALUE_BYTES = 30
#: A label of a series in JSON: name and value of usual length.
_LABEL_BYTES = 45
#: Where labels alone take this share of an answer, longer pieces of fewer series cost less.
_LABEL_SHARE = 0.5
#: Of an entry whose days are all cached.
_NOTHING_TO_READ = Size(0, 0, counted=False)


@dataclass(frozen=True)
class Limits:
    """What one query may cost.

    Attributes:
        points: steps; Prometheus refuses more than 11,000 points a series, some gateways 10,000.
        samples: samples that the server reads. Its own limit (`--query.max-samples`) is 50
            million, and stops a query only after half a minute of work; this is some seconds'.
        answer_bytes: size of the answer; decoding takes several times as much memory, for as
            many answers as are on their way at once.
    """

    points: int = 10_000
    samples: int = 20_000_000
    answer_bytes: int = 16_000_000

    @classmethod
    def within(cls, timeout_seconds: float) -> Limits:
        """Limits that a slow server keeps within a time limit: it reads a million a second."""
        return cls(samples=min(cls.samples, max(1, int(timeout_seconds * 1_000_000))))


@dataclass(frozen=True)
class PlannedEntry:
    """What will be asked for one entry of the catalogue.

    Attributes:
        entry: the entry.
        path: how it is read.
        why: the reason for the path and the cut, in a few words.
        spans: what is asked for, uncut; empty when all is cached.
        longest: steps that one query may cover.
        shards: label matchers of the parts that each query is divided into; none for one part.
        cached: days (UTC) that are there from an earlier run.
        size: series at one moment.
        samples: samples that the server reads.
        values: values that come back, at the most.
        bytes: size of the answers, uncompressed.
    """

    entry: Entry
    path: Path
    why: str
    spans: tuple[Piece, ...]
    longest: int
    shards: tuple[tuple[str, ...], ...]
    cached: tuple[datetime, ...]
    size: Size
    samples: int
    values: int
    bytes: int

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The queries in PromQL, in the order of time."""
        return tuple(piece for span in self.spans for piece in self.cut(span))

    def cut(self, span: Piece) -> list[Piece]:
        """A span of the entry, or a part of one, as queries in PromQL."""
        timed = span.cut(self.longest)
        return [replace(piece, shard=shard) for piece in timed for shard in self.shards or ((),)]


def make_plan(
    entries: Sequence[Entry],
    steps: Steps,
    sizes: Mapping[str, Size],
    scrape_seconds: float,
    *,
    limits: Limits | None = None,
    divide: Divide | None = None,
    cached: Mapping[str, set[datetime]] | None = None,
) -> list[PlannedEntry]:
    """What is asked for each entry, in the order of the catalogue.

    Args:
        entries: what is wanted.
        steps: window and steps.
        sizes: entry name → number of series.
        scrape_seconds: scrape interval.
        limits: what one query may cost.
        divide: divides an entry's series by a label; without it pieces are cut by time only.
        cached: entry name → days that need not be asked for.
    """
    limits = limits or Limits()
    plan = []
    for entry in entries:
        seconds = steps.fine if entry.step == "fine" else steps.coarse
        known = (cached or {}).get(entry.name, set()) & set(whole_days(steps.start, steps.end))
        spans = spans_without(steps.start, steps.end, known)
        whole = [
            Piece(entry, first, seconds, int((last - first).total_seconds()) // seconds)
            for first, last in spans
        ]
        size = sizes.get(entry.name, _NOTHING_TO_READ)
        sized = _Sized(entry, size, seconds, scrape_seconds, limits)
        plan.append(sized.planned(whole, sorted(known), divide))
    return plan


def pieces_of(plan: Sequence[PlannedEntry]) -> list[Piece]:
    """All pieces of a plan that are asked in PromQL, in its order."""
    return [piece for planned in plan if planned.path == "PromQL" for piece in planned.pieces]


def series_bytes(entry: Entry) -> int:
    """Size of the labels of one series in an answer, in bytes."""
    return 40 + _LABEL_BYTES * len(entry.by)


def samples_per_step(entry: Entry, series: float, step: int, scrape_seconds: float) -> float:
    """Samples that the server reads for one step: each range of the query reads its own."""
    ranges = entry.template.count("[$window]") + entry.template.count("[$half_open]")
    return max(1, series) * max(1.0, ranges * max(1.0, step / scrape_seconds))


@dataclass(frozen=True)
class _Sized:
    """An entry with all that its cost depends on."""

    entry: Entry
    size: Size
    step: int
    scrape: float
    limits: Limits

    def planned(
        self, spans: Sequence[Piece], known: Sequence[datetime], divide: Divide | None
    ) -> PlannedEntry:
        """The spans, cut within the limits: by label where that is cheaper, and by time."""
        parts = self._parts(max((span.steps for span in spans), default=1))
        shards = tuple(divide(self.entry, parts)) if parts > 1 and divide and spans else ()
        longest = self._longest(max(1, len(shards)))
        steps = sum(span.steps for span in spans)
        values = self.size.returned * steps
        rounds = sum(1 for span in spans for _ in span.cut(longest))
        return PlannedEntry(
            entry=self.entry,
            path="PromQL" if spans else "cache",
            why=_why(rounds, len(shards), known),
            spans=tuple(spans),
            longest=longest,
            shards=shards,
            cached=tuple(known),
            size=self.size,
            samples=int(self._samples(self.size.read) * steps),
            values=values,
            bytes=values * VALUE_BYTES + rounds * self.size.returned * series_bytes(self.entry),
        )

    def _samples(self, series: float) -> float:
        return samples_per_step(self.entry, series, self.step, self.scrape)

    def _parts(self, steps: int) -> int:
        """Parts to divide the series into, so that a day of each is within the limits.

        1 unless a single step is too large, or labels would be most of each answer.
        """
        day = min(86_400 // self.step, steps)
        labels = self.size.returned * series_bytes(self.entry)
        samples = self._samples(self.size.read)
        limits = self.limits
        if labels <= limits.answer_bytes * _LABEL_SHARE and samples <= limits.samples:
            return 1
        answer = labels + self.size.returned * VALUE_BYTES * day
        return ceil(max(answer / limits.answer_bytes, samples * day / limits.samples))

    def _longest(self, shards: int) -> int:
        """The number of steps at which each part stays within every limit, at least one."""
        returned = max(1, ceil(self.size.returned / shards))
        labels = returned * series_bytes(self.entry)
        by_bytes = (self.limits.answer_bytes - labels) / (returned * VALUE_BYTES)
        by_samples = self.limits.samples / self._samples(ceil(self.size.read / shards))
        return max(1, int(min(self.limits.points, by_bytes, by_samples)))


def _why(rounds: int, shards: int, known: Sequence[datetime]) -> str:
    if not rounds:
        return "every day is cached"
    if shards > 1:
        return f"{rounds} spans, each in {shards} parts by label: all series at once are too many"
    if known:
        return "the days that are not cached"
    return "one answer is small enough" if rounds == 1 else "cut by time to stay within limits"
