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
        pieces: the queries, in the order of time; empty when all is cached.
        cached: days (UTC) that are there from an earlier run.
        size: series at one moment.
        samples: samples that the server reads for the pieces.
        values: values that come back, at the most.
        bytes: size of the answers, uncompressed.
    """

    entry: Entry
    path: Path
    why: str
    pieces: tuple[Piece, ...]
    cached: tuple[datetime, ...]
    size: Size
    samples: int
    values: int
    bytes: int


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
        size = sizes[entry.name]
        cut = _cut(whole, size, scrape_seconds, limits, divide)
        plan.append(_planned(entry, cut, whole, sorted(known), size, scrape_seconds))
    return plan


def pieces_of(plan: Sequence[PlannedEntry]) -> list[Piece]:
    """All pieces of a plan that are asked in PromQL, in its order."""
    return [piece for planned in plan if planned.path == "PromQL" for piece in planned.pieces]


def series_bytes(entry: Entry) -> int:
    """Size of the labels of one series in an answer, in bytes."""
    return 40 + _LABEL_BYTES * len(entry.by)


def samples_per_step(entry: Entry, series: int, step: int, scrape_seconds: float) -> float:
    """Samples that the server reads for one step: each range of the query reads its own."""
    ranges = max(1, entry.template.count("[$window]"))
    return max(1, series) * ranges * max(1.0, step / scrape_seconds)


def _cut(
    spans: Sequence[Piece], size: Size, scrape: float, limits: Limits, divide: Divide | None
) -> list[Piece]:
    """Pieces within the limits: by label where that is cheaper, and by time."""
    if not spans:
        return []
    entry, step = spans[0].entry, spans[0].step
    day = min(86_400 // step, max(piece.steps for piece in spans))
    parts = _parts(entry, size, step, day, scrape, limits)
    shards: Sequence[tuple[str, ...]] = ()
    if parts > 1 and divide is not None:
        shards = divide(entry, parts)
    share = max(1, len(shards))
    part = Size(ceil(size.read / share), ceil(size.returned / share))
    longest = _longest(entry, part, step, scrape, limits)
    timed = [part for piece in spans for part in piece.cut(longest)]
    if not shards:
        return timed
    return [replace(piece, shard=shard) for piece in timed for shard in shards]


def _parts(entry: Entry, size: Size, step: int, day: int, scrape: float, limits: Limits) -> int:
    """The number of parts to divide the series into, so that a day of each is within limits.

    1 unless a single step is too large, or labels would be most of each answer.
    """
    labels = size.returned * series_bytes(entry)
    samples = samples_per_step(entry, size.read, step, scrape)
    if labels <= limits.answer_bytes * _LABEL_SHARE and samples <= limits.samples:
        return 1
    answer = labels + size.returned * VALUE_BYTES * day
    return ceil(max(answer / limits.answer_bytes, samples * day / limits.samples))


def _longest(entry: Entry, size: Size, step: int, scrape: float, limits: Limits) -> int:
    """The number of steps that stays within every limit, at least one."""
    returned = max(1, size.returned)
    by_bytes = (limits.answer_bytes - returned * series_bytes(entry)) / (returned * VALUE_BYTES)
    by_samples = limits.samples / samples_per_step(entry, size.read, step, scrape)
    return max(1, int(min(limits.points, by_bytes, by_samples)))


def _planned(
    entry: Entry,
    cut: Sequence[Piece],
    spans: Sequence[Piece],
    known: Sequence[datetime],
    size: Size,
    scrape: float,
) -> PlannedEntry:
    steps = sum(piece.steps for piece in spans)
    step = spans[0].step if spans else 1
    each = samples_per_step(entry, size.read, step, scrape)
    values = size.returned * steps
    rounds = len({piece.start for piece in cut})
    return PlannedEntry(
        entry=entry,
        path="PromQL" if cut else "cache",
        why=_why(cut, known),
        pieces=tuple(cut),
        cached=tuple(known),
        size=size,
        samples=int(each * steps),
        values=values,
        bytes=values * VALUE_BYTES + rounds * size.returned * series_bytes(entry),
    )


def _why(cut: Sequence[Piece], known: Sequence[datetime]) -> str:
    if not cut:
        return "every day is cached"
    spans, shards = len({piece.start for piece in cut}), len({piece.shard for piece in cut})
    if shards > 1:
        return f"cut by time ({spans}) and by label ({shards}): a step of all series is too large"
    if known:
        return "the days that are not cached"
    return "one answer is small enough" if spans == 1 else "cut by time to stay within limits"
