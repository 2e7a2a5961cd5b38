"""Pieces of the catalogue, computed from raw samples: the same tables that PromQL leads to.

    for job in jobs(pieces):                      # pieces that one raw read serves together
        reading = read(client, job, semantics, replica_labels, deadline=...)
        reading.tables                            # [(piece, table), ...]

`readable(entry)` tells beforehand whether an entry can be read so; `read_entries` does all of it
for entries over a whole window. Memory: some frames (1-2 MiB) and their samples at a time, and the
results; no sample outlives its series.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from observe.telemetry.assemble import Table, tabulate
from observe.telemetry.catalogue import Entry
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.faults import DeadlineError
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read import sums, windows
from observe.telemetry.remote_read.errors import CorruptStreamError
from observe.telemetry.remote_read.recipes import Part, Recipe, recipe
from observe.telemetry.remote_read.request import encode_request, parse_selector
from observe.telemetry.remote_read.semantics import Semantics, find_semantics
from observe.telemetry.remote_read.series import Contents, whole_series
from observe.telemetry.remote_read.sink import Rows, Sink
from observe.telemetry.remote_read.stream import Traffic, blocks
from observe.telemetry.remote_read.sums import Ends
from observe.telemetry.steps import Steps

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Job:
    """Pieces over the same span that share raw series, so that one read serves them all.

    Attributes:
        pieces: the pieces; all of them readable.
        selectors: the raw series that are read, one request each.
    """

    pieces: tuple[Piece, ...]
    selectors: tuple[str, ...]


@dataclass
class Reading:
    """What a job brought.

    Attributes:
        tables: the pieces of the job by UTC day, each with its table, as fetching in PromQL cuts
            them; a day's table does not depend on how many were read at once.
        infos: what was remarkable.
        series: raw series read.
        samples: raw samples read.
        bytes: size of the answers.
        seconds: time until they were there; decoding is part of it.
    """

    tables: list[tuple[Piece, Table]] = field(default_factory=list)
    infos: tuple[str, ...] = ()
    series: int = 0
    samples: int = 0
    bytes: int = 0
    seconds: float = 0.0


def readable(entry: Entry) -> bool:
    """Whether the entry can be computed from raw samples."""
    return recipe(entry) is not None


def jobs(pieces: Sequence[Piece]) -> list[Job]:
    """The pieces in as few raw reads as there can be; in the order of the pieces.

    Raises:
        ValueError: a piece is not readable, or asks for a part of the series.
    """
    made: list[Job] = []
    for piece in pieces:
        if piece.shard:
            raise ValueError("a raw read takes all series; pieces are cut by time only")
        selectors = tuple(dict.fromkeys(part.selector for part in _recipe(piece.entry).parts))
        for i, job in enumerate(made):
            first = job.pieces[0]
            if (first.start, first.end) == (piece.start, piece.end) and (
                set(selectors) & set(job.selectors)
            ):
                both = tuple(dict.fromkeys([*job.selectors, *selectors]))
                made[i] = Job((*job.pieces, piece), both)
                break
        else:
            made.append(Job((piece,), selectors))
    return made


def read_entries(
    client: PrometheusClient,
    entries: Sequence[Entry],
    steps: Steps,
    replica_labels: Sequence[str] = (),
    *,
    deadline: float,
    semantics: Semantics | None = None,
) -> Iterator[tuple[Piece, Table]]:
    """Every entry over the whole window; see :func:`read`."""
    semantics = semantics or find_semantics(client)
    pieces = []
    for entry in entries:
        seconds = steps.fine if entry.step == "fine" else steps.coarse
        pieces.append(Piece(entry, steps.start, seconds, steps.count(seconds)))
    for job in jobs(pieces):
        yield from read(client, job, semantics, replica_labels, deadline=deadline).tables


def read(
    client: PrometheusClient,
    job: Job,
    semantics: Semantics,
    replica_labels: Sequence[str] = (),
    *,
    deadline: float,
) -> Reading:
    """Do one job. Threads may do several at a time: the compiled parts let go of the lock.

    Args:
        client: whom to ask.
        job: see :func:`jobs`.
        semantics: how this server evaluates; see :func:`find_semantics`.
        replica_labels: see :func:`observe.telemetry.catalogue.promql`.
        deadline: moment of the monotonic clock at which it must be done.

    Raises:
        NoRemoteReadError: the server does not offer it; ask for everything in PromQL.
        CorruptStreamError: what arrived cannot be used; ask for these pieces in PromQL.
        DeadlineError: it took too long.
        SourceError: no connection, no permission.
    """
    sinks = {
        piece: [
            (part, Sink(part, piece.entry.by, _ends(piece), semantics, replica_labels))
            for part in _recipe(piece.entry).parts
        ]
        for piece in job.pieces
    }
    reading = Reading()
    foreign = 0
    for selector in job.selectors:
        fed = [s for pairs in sinks.values() for part, s in pairs if part.selector == selector]
        parts = [p for pairs in sinks.values() for p, _ in pairs if p.selector == selector]
        contents = _feed(client, job, selector, _before(parts, semantics), fed, deadline, reading)
        foreign += contents.foreign_chunks
    for piece, pairs in sinks.items():
        whole = _combined(_recipe(piece.entry), [(part, sink.finish()) for part, sink in pairs])
        for day, columns in _by_day(piece):
            reading.tables.append((day, tabulate(day, _as_result(day, whole, columns))))
    if foreign:
        reading.infos = (f"{foreign} chunks of native histograms were left out",)
    return reading


def _feed(
    client: PrometheusClient,
    job: Job,
    selector: str,
    before: timedelta,
    sinks: Sequence[Sink],
    deadline: float,
    reading: Reading,
) -> Contents:
    """Send the series of a selector through the sinks."""
    start, end = job.pieces[0].start - before, job.pieces[0].end
    body = encode_request(parse_selector(selector), _ms(start), _ms(end))
    left = min(deadline - time.monotonic(), client.settings.run_seconds)
    if left <= 0:
        raise DeadlineError("the time for the whole run was used up")
    traffic, contents = Traffic(), Contents()
    arriving = blocks(client._session, client.settings, body, left, traffic)
    try:
        for batch in whole_series(arriving, contents):
            for sink in sinks:
                sink.add(batch)
    except ValueError as error:
        raise CorruptStreamError(
            f"a stream of samples from {client.settings.url} cannot be used: {error}"
        ) from error
    reading.series += contents.series
    reading.samples += contents.samples
    reading.bytes += traffic.bytes
    reading.seconds += traffic.seconds
    return contents


def _recipe(entry: Entry) -> Recipe:
    found = recipe(entry)
    if found is None:
        raise ValueError(f"{entry.name} cannot be computed from raw samples")
    return found


def _ends(piece: Piece) -> Ends:
    return Ends(_ms(piece.first_evaluation), piece.step * 1000, piece.steps)


def _before(parts: Sequence[Part], semantics: Semantics) -> timedelta:
    """How much earlier than the span samples are needed."""
    looks_back = any(part.first_values or part.function == windows.PRESENT for part in parts)
    return timedelta(milliseconds=semantics.lookback_ms if looks_back else 0)


def _combined(
    how: Recipe, results: Sequence[tuple[Part, Rows]]
) -> list[tuple[dict[str, str], Rows]]:
    """Rows of an answer, with the labels that are not grouped by."""
    if how.combine == "join":
        return [(dict([part.label]) if part.label else {}, rows) for part, rows in results]
    above, below = (rows for _, rows in results)
    position = {labels: i for i, labels in enumerate(below.labels)}
    both = [(i, position[labels]) for i, labels in enumerate(above.labels) if labels in position]
    first, second = [i for i, _ in both], [i for _, i in both]
    ratio = sums.divided(above.cells[first], below.cells[second])
    return [({}, Rows([above.labels[i] for i in first], ratio))]


def _by_day(piece: Piece) -> Iterator[tuple[Piece, slice]]:
    """The piece cut at midnights (UTC), and the steps of each part."""
    step = timedelta(seconds=piece.step)
    begin = 0
    while begin < piece.steps:
        start = piece.start + begin * step
        into_day = start - start.replace(hour=0, minute=0, second=0, microsecond=0)
        end = min(piece.steps, begin + -((into_day - _DAY) // step))
        yield replace(piece, start=start, steps=end - begin), slice(begin, end)
        begin = end


def _as_result(
    piece: Piece, parts: Sequence[tuple[dict[str, str], Rows]], columns: slice
) -> QueryResult:
    """Some steps as the answer to a query; zeros are left out where they say nothing."""
    labels: list[dict[str, str]] = []
    series, at, values = [], [], []
    for added, rows in parts:
        some = np.ascontiguousarray(rows.cells[:, columns])
        present = ~sums.is_absent(some)
        useful = np.flatnonzero(present.any(axis=1))
        cells, present = some[useful], present[useful]
        keep = present & (cells != 0) if piece.entry.positive else present
        row, column = np.nonzero(keep)
        series.append((row + len(labels)).astype(np.int32))
        at.append(column)
        values.append(cells[row, column])
        for i in useful:
            named = zip(piece.entry.by, rows.labels[i], strict=True)
            labels.append({name: value for name, value in named if value} | added)
    ends = _ends(piece)
    return QueryResult(
        labels=tuple(labels),
        series=np.concatenate(series),
        times_ms=ends.first_ms + np.concatenate(at) * ends.step_ms,
        values=np.concatenate(values),
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
