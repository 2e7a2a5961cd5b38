"""Ask for pieces, a few at a time; split what is too large, note what does not arrive."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from multiprocessing.pool import ThreadPool
from typing import Protocol

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry.assemble import Table, tabulate
from observe.telemetry.catalogue import promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.days import by_day
from observe.telemetry.decode import QueryResult
from observe.telemetry.faults import BusyError, CutAnswerError, DeadlineError, UnreachableError
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.pieces import Piece
from observe.telemetry.shards import partition, restrict, shard_labels
from observe.telemetry.sizes import series_by

#: Faults that a shorter piece may get around.
_SPLITTABLE = (QueryTooLargeError, CutAnswerError, DeadlineError)
#: Faults that may be over when the same is asked again.
_PASSING = (BusyError, CutAnswerError)
_REPEATS = 2
#: Series are halved by label so many times at the most.
_DEEPEST = 8
#: After as many failures in a row nothing more is asked.
_PATIENCE = 3


class Progress(Protocol):
    """Told how far collecting has come."""

    def __call__(self, done: int, total: int, description: str) -> None:
        """`done` of `total` parts of the work are finished; `description` names the last one."""
        ...


@dataclass
class Harvest:
    """What came back.

    Attributes:
        tables: pieces that were answered, with their samples; none is longer than a day (UTC).
        missing: what was not answered; by entry and time.
        warnings: what the server warned of, each once.
    """

    tables: list[tuple[Piece, Table]] = field(default_factory=list)
    missing: list[MissingPiece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, part: Harvest) -> None:
        """Add what another piece brought, except for its tables."""
        self.missing = sorted(
            [*self.missing, *part.missing], key=lambda gap: (gap.query, gap.start)
        )
        self.warnings = sorted({*self.warnings, *part.warnings})


class Fetcher:
    """Asks one server for pieces.

    Args:
        client: whom to ask.
        replica_labels: see :func:`observe.telemetry.catalogue.promql`.
        deadline: moment of `time.monotonic` after which nothing more is asked.
        tabulate: turns an answer into what is kept of it, so that no answer lives long.
        pause_seconds: the first wait before a server in trouble is asked again.

    Attributes:
        first_error: why the first piece that did not arrive is missing.
    """

    def __init__(
        self,
        client: PrometheusClient,
        replica_labels: Sequence[str],
        *,
        deadline: float | None = None,
        tabulate: Callable[[Piece, QueryResult], Table] = tabulate,
        pause_seconds: float = 2.0,
    ) -> None:
        self.first_error: SourceError | None = None
        self._client = client
        self._tabulate = tabulate
        self._replica_labels = replica_labels
        self._deadline = deadline or time.monotonic() + client.settings.run_seconds
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._longest: dict[tuple[str, int], int] = {}
        self._divided: dict[tuple[str, tuple[str, ...]], list[tuple[str, ...]]] = {}
        self._failures: dict[str, int] = defaultdict(int)
        self._lost = 0

    def run(self, pieces: Sequence[Piece], progress: Progress | None = None) -> Harvest:
        """Ask for all pieces.

        Raises:
            SourceError: not a single piece was answered.
        """
        harvest = Harvest()
        for _, part in self.arrivals(pieces, progress):
            harvest.add(part)
            harvest.tables += part.tables
        if self.first_error is not None and not harvest.tables:
            raise self.first_error
        harvest.tables.sort(key=lambda pair: (pair[0].entry.name, pair[0].start))
        return harvest

    def arrivals(
        self, pieces: Sequence[Piece], progress: Progress | None = None
    ) -> Iterator[tuple[Piece, Harvest]]:
        """Ask for all pieces; each is handed out when it is complete, or given up."""
        # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
        pool: AbstractContextManager[ThreadPool] = ThreadPool(self._client.settings.max_concurrency)
        with pool as workers:
            arrived = workers.imap_unordered(self._take, pieces)
            for done, (piece, part) in enumerate(arrived, start=1):
                yield piece, part
                if progress is not None:
                    progress(done, len(pieces), piece.entry.name)

    def _take(self, piece: Piece) -> tuple[Piece, Harvest]:
        harvest = Harvest()
        queue = [piece]
        repeats: Counter[Piece] = Counter()
        while queue:
            part, *rest = self._sized(queue.pop(0))
            queue[:0] = rest
            try:
                result = self._ask(part)
            except SourceError as error:
                if self._worth_another_try(part, error, repeats):
                    queue.insert(0, part)
                else:
                    harvest.missing.append(self._give_up(part, error))
                continue
            tables = [(day, self._tabulate(day, answer)) for day, answer in by_day(part, result)]
            harvest.tables += tables
            if result.partial:
                harvest.missing.append(_gap(part, "the server says that it answered in part"))
            harvest.warnings += result.warnings
        return piece, harvest

    def _sized(self, piece: Piece) -> Iterator[Piece]:
        """The piece in parts that the server was found to bear for this entry."""
        name = piece.entry.name
        for shard in self._divided.get((name, piece.shard), ()):
            yield from self._sized(replace(piece, shard=shard))
        if (name, piece.shard) not in self._divided:
            yield from piece.split(self._longest.get((name, len(piece.shard)), piece.steps))

    def _ask(self, piece: Piece) -> QueryResult:
        if self._lost >= _PATIENCE:
            raise SourceError("not asked: the connection was lost")
        if self._failures[piece.entry.name] >= _PATIENCE:
            raise SourceError("not asked: several pieces before it failed")
        query = promql(piece.entry, piece.step, self._replica_labels)
        with self._client.pace.slot():
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise SourceError("the time for the whole run was used up")
            result = self._client.range(
                restrict(query, piece.shard),
                piece.first_evaluation,
                piece.end,
                piece.step,
                timeout_seconds=left,
            )
        kind = f"{piece.entry.name} {piece.shard}"
        self._client.pace.answered(kind, result.seconds, piece.steps)
        with self._lock:
            self._lost = 0
            self._failures[piece.entry.name] = 0
        return result

    def _worth_another_try(self, part: Piece, error: SourceError, repeats: Counter[Piece]) -> bool:
        """Whether to go on with a piece: in smaller parts, or as it was if the fault may pass."""
        pace = self._client.pace
        if isinstance(error, BusyError):
            pace.hold_back(self._pause_seconds * 2 ** repeats[part])
        elif isinstance(error, DeadlineError):
            pace.hold_back()
            if self._hopeless(part):
                return False
        if isinstance(error, _SPLITTABLE) and part.steps > 1:
            self._shorten(part)
            return True
        if isinstance(error, _PASSING):
            repeats[part] += 1
            return repeats[part] <= _REPEATS
        return isinstance(error, _SPLITTABLE) and self._divide(part)

    def _shorten(self, piece: Piece) -> None:
        key = (piece.entry.name, len(piece.shard))
        with self._lock:
            longest = self._longest.get(key, piece.steps)
            self._longest[key] = min(longest, max(1, piece.steps // 2))

    def _divide(self, piece: Piece) -> bool:
        """Find parts of the series of a piece that cannot be any shorter."""
        for label in shard_labels(piece.entry) if len(piece.shard) < _DEEPEST else ():
            try:
                found = series_by(
                    self._client, piece.entry, label, piece.start, piece.end, piece.shard
                )
            except SourceError:
                return False
            matchers = partition(label, found, 2)
            if matchers:
                with self._lock:
                    shards = [(*piece.shard, matcher) for matcher in matchers]
                    self._divided.setdefault((piece.entry.name, piece.shard), shards)
                return True
        return False

    def _hopeless(self, piece: Piece) -> bool:
        """Whether a hanging server has been given enough chances."""
        with self._lock:
            self._failures[piece.entry.name] += 1
            return self._failures[piece.entry.name] >= _PATIENCE

    def _give_up(self, piece: Piece, error: SourceError) -> MissingPiece:
        with self._lock:
            self.first_error = self.first_error or error
            self._failures[piece.entry.name] += 1
            if isinstance(error, UnreachableError):
                self._lost += 1
        return _gap(piece, str(error))


def _gap(piece: Piece, reason: str) -> MissingPiece:
    where = f" (series with {', '.join(piece.shard)})" if piece.shard else ""
    return MissingPiece(
        query=piece.entry.name, start=piece.start, end=piece.end, reason=f"{reason}{where}"
    )
