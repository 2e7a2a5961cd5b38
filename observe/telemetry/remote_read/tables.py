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
from dataclasses import dataclass, field
from datetime import timedelta

from observe.telemetry.assemble import Table, tabulate
from observe.telemetry.catalogue import Entry
from observe.telemetry.client import PrometheusClient
from observe.telemetry.faults import DeadlineError
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read import windows
from observe.telemetry.remote_read.answers import answers, ends_of, milliseconds
from observe.telemetry.remote_read.errors import CorruptStreamError
from observe.telemetry.remote_read.recipes import Part, Recipe, recipe
from observe.telemetry.remote_read.request import encode_request, parse_selector
from observe.telemetry.remote_read.semantics import Semantics, find_semantics
from observe.telemetry.remote_read.series import Contents, whole_series
from observe.telemetry.remote_read.sink import Sink
from observe.telemetry.remote_read.stream import Traffic, blocks
from observe.telemetry.steps import Steps


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
        selectors = _recipe(piece.entry).selectors
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
    sinks = {piece: _sinks(piece, semantics, replica_labels) for piece in job.pieces}
    pairs = [pair for of_piece in sinks.values() for pair in of_piece]
    reading, foreign = Reading(), 0
    for selector in job.selectors:
        fed = [pair for pair in pairs if selector in (pair[0].selector, pair[0].recorded)]
        before = _before([part for part, _ in fed], semantics)
        contents = _feed(client, job, selector, before, fed, deadline, reading)
        foreign += contents.foreign_chunks
    for piece, of_piece in sinks.items():
        results = [(part, sink.finish()) for part, sink in of_piece]
        for day, answer in answers(piece, _recipe(piece.entry), results):
            reading.tables.append((day, tabulate(day, answer)))
    if foreign:
        reading.infos = (f"{foreign} chunks of native histograms were left out",)
    return reading


def _sinks(
    piece: Piece, semantics: Semantics, replica_labels: Sequence[str]
) -> list[tuple[Part, Sink]]:
    """The parts of a piece's recipe, each with what aggregates it."""
    by, ends = piece.entry.by, ends_of(piece)
    return [
        (part, Sink(part, by, ends, semantics, replica_labels))
        for part in _recipe(piece.entry).parts
    ]


def _feed(
    client: PrometheusClient,
    job: Job,
    selector: str,
    before: timedelta,
    fed: Sequence[tuple[Part, Sink]],
    deadline: float,
    reading: Reading,
) -> Contents:
    """Send the series of a selector through what aggregates them."""
    start, end = job.pieces[0].start - before, job.pieces[0].end
    body = encode_request(parse_selector(selector), milliseconds(start), milliseconds(end))
    left = min(deadline - time.monotonic(), client.settings.run_seconds)
    if left <= 0:
        raise DeadlineError("the time for the whole run was used up")
    traffic, contents = Traffic(), Contents()
    arriving = blocks(client.session, client.settings, body, left, traffic)
    try:
        for batch in whole_series(arriving, contents):
            for part, sink in fed:
                if part.selector == selector:
                    sink.add(batch)
                if part.recorded == selector:
                    sink.mark(batch)
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


def _before(parts: Sequence[Part], semantics: Semantics) -> timedelta:
    """How much earlier than the span samples are needed."""
    looks_back = any(part.first_values or part.function == windows.PRESENT for part in parts)
    return timedelta(milliseconds=semantics.lookback_ms if looks_back else 0)
