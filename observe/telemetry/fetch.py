"""Ask for pieces, a few at a time; split what is too large, note what does not arrive."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from typing import Protocol

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry.assemble import Table, tabulate
from observe.telemetry.catalogue import promql
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.faults import CutAnswerError, DeadlineError, UnreachableError
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.pieces import Piece

#: Faults that a shorter piece may get around.
_SPLITTABLE = (QueryTooLargeError, CutAnswerError, DeadlineError)
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
        tables: pieces that were answered, with their samples; by entry and time.
        missing: what was not answered; by entry and time.
        warnings: what the server warned of, each once.
    """

    tables: list[tuple[Piece, Table]] = field(default_factory=list)
    missing: list[MissingPiece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Fetcher:
    """Asks one server for pieces.

    Args:
        client: whom to ask.
        replica_labels: see :func:`observe.telemetry.catalogue.promql`.
        tabulate: turns an answer into what is kept of it, so that no answer lives long.
    """

    def __init__(
        self,
        client: PrometheusClient,
        replica_labels: Sequence[str],
        tabulate: Callable[[Piece, QueryResult], Table] = tabulate,
    ) -> None:
        self._client = client
        self._tabulate = tabulate
        self._replica_labels = replica_labels
        self._deadline = time.monotonic() + client.settings.run_seconds
        self._lock = threading.Lock()
        self._longest: dict[str, int] = {}
        self._failures: dict[str, int] = defaultdict(int)
        self._lost = 0
        self._first_error: SourceError | None = None

    def run(self, pieces: Sequence[Piece], progress: Progress | None = None) -> Harvest:
        """Ask for all pieces.

        Raises:
            SourceError: not a single piece was answered.
        """
        harvest = Harvest()
        # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
        pool: AbstractContextManager[ThreadPool] = ThreadPool(self._client.settings.max_concurrency)
        with pool as workers:
            arrived: Iterable[tuple[Piece, Harvest]] = workers.imap_unordered(self._take, pieces)
            for done, (piece, part) in enumerate(arrived, start=1):
                harvest.tables += part.tables
                harvest.missing += part.missing
                harvest.warnings += part.warnings
                if progress is not None:
                    progress(done, len(pieces), piece.entry.name)
        if self._first_error is not None and not harvest.tables:
            raise self._first_error
        harvest.tables.sort(key=lambda pair: (pair[0].entry.name, pair[0].start))
        harvest.missing.sort(key=lambda gap: (gap.query, gap.start))
        harvest.warnings = sorted(set(harvest.warnings))
        return harvest

    def _take(self, piece: Piece) -> tuple[Piece, Harvest]:
        harvest = Harvest()
        queue = [piece]
        while queue:
            part, *rest = self._sized(queue.pop(0))
            queue[:0] = rest
            try:
                result = self._ask(part)
                harvest.tables.append((part, self._tabulate(part, result)))
                harvest.warnings.extend(result.warnings)
            except _SPLITTABLE as error:
                if part.steps > 1 and not self._hopeless(part, error):
                    self._shorten(part)
                    queue.insert(0, part)
                else:
                    harvest.missing.append(self._give_up(part, error))
            except SourceError as error:
                harvest.missing.append(self._give_up(part, error))
        return piece, harvest

    def _sized(self, piece: Piece) -> Iterator[Piece]:
        """The piece, cut to the length that the server was found to bear for this entry."""
        return piece.split(self._longest.get(piece.entry.name, piece.steps))

    def _ask(self, piece: Piece) -> QueryResult:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise SourceError("the time for the whole run was used up")
        if self._lost >= _PATIENCE:
            raise SourceError("not asked: the connection was lost")
        if self._failures[piece.entry.name] >= _PATIENCE:
            raise SourceError("not asked: several pieces before it failed")
        query = promql(piece.entry, piece.step, self._replica_labels)
        result = self._client.range(
            query, piece.first_evaluation, piece.end, piece.step, timeout_seconds=left
        )
        with self._lock:
            self._lost = 0
            self._failures[piece.entry.name] = 0
        return result

    def _shorten(self, piece: Piece) -> None:
        with self._lock:
            longest = self._longest.get(piece.entry.name, piece.steps)
            self._longest[piece.entry.name] = min(longest, max(1, piece.steps // 2))

    def _hopeless(self, piece: Piece, error: SourceError) -> bool:
        """Whether a hanging server has been given enough chances."""
        if not isinstance(error, DeadlineError):
            return False
        with self._lock:
            self._failures[piece.entry.name] += 1
            return self._failures[piece.entry.name] >= _PATIENCE

    def _give_up(self, piece: Piece, error: SourceError) -> MissingPiece:
        with self._lock:
            self._first_error = self._first_error or error
            self._failures[piece.entry.name] += 1
            if isinstance(error, UnreachableError):
                self._lost += 1
        return MissingPiece(
            query=piece.entry.name, start=piece.start, end=piece.end, reason=str(error)
        )
