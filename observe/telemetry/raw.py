"""Reading raw what a plan says: several jobs at a time, and PromQL for whatever does not work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING

from observe.errors import SourceError
from observe.telemetry.catalogue import Entry
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.dialect import VICTORIA_METRICS
from observe.telemetry.faults import BusyError
from observe.telemetry.paths import Surroundings, choose_paths, promql_seconds
from observe.telemetry.pieces import Piece
from observe.telemetry.planner import PlannedEntry

if TYPE_CHECKING:
    from observe.telemetry.remote_read.semantics import Semantics
    from observe.telemetry.remote_read.tables import Job, Reading

#: Loading the compiled decoder, and compiling it on the first run of a machine, in seconds.
_LOADING = 2.0
_COMPILING = 16.0


def with_paths(
    plan: Sequence[PlannedEntry],
    client: PrometheusClient,
    server: ServerInfo,
    scrape_seconds: float,
) -> list[PlannedEntry]:
    """The plan with those entries read raw for which that pays."""
    on_loopback = client.settings.on_loopback
    asked = [planned for planned in plan if planned.path == "PromQL"]
    if sum(promql_seconds(planned, on_loopback) for planned in asked) <= _LOADING:
        return list(plan)  # numba takes longer to load than this
    if server.name == VICTORIA_METRICS:
        return list(plan)  # has no remote read
    decoder = _decoder()
    if decoder is None:
        return list(plan)
    readable, compiled = decoder
    start = _LOADING if compiled else _COMPILING
    return choose_paths(plan, Surroundings(readable, on_loopback, scrape_seconds, start))


def _decoder() -> tuple[Callable[[Entry], bool], bool] | None:
    """Which entries can be read raw, and whether the decoder is compiled; None without numba."""
    try:
        from observe.telemetry.remote_read.first_use import is_compiled
        from observe.telemetry.remote_read.tables import readable
    except ImportError:
        return None
    return readable, is_compiled()


@dataclass
class RawReader:
    """Reads pieces raw.

    Attributes:
        client: whom to ask.
        replica_labels: see :func:`observe.telemetry.catalogue.promql`.
        deadline: moment of `time.monotonic` after which nothing more is asked.
        tell: told when something takes a while.
    """

    client: PrometheusClient
    replica_labels: Sequence[str]
    deadline: float
    tell: Callable[[str], None]

    def arrivals(
        self, pieces: Sequence[Piece]
    ) -> Iterator[tuple[tuple[Piece, ...], Reading | None]]:
        """Read all pieces.

        Yields:
            Pieces that were read together, and what came; None where they must be asked for in
            another way.
        """
        from observe.telemetry.remote_read.first_use import prepare
        from observe.telemetry.remote_read.semantics import find_semantics
        from observe.telemetry.remote_read.tables import jobs

        try:
            semantics = find_semantics(self.client)
        except SourceError:
            yield tuple(pieces), None
            return
        prepare(self.tell)
        offered = threading.Event()
        offered.set()

        def read(job: Job) -> tuple[tuple[Piece, ...], Reading | None]:
            return job.pieces, self._read(job, semantics, offered)

        # Threads of this pool do not keep the process alive, so that Ctrl-C ends it at once.
        pool: AbstractContextManager[ThreadPool] = ThreadPool(self.client.settings.max_concurrency)
        with pool as workers:
            yield from workers.imap_unordered(read, jobs(pieces))

    def _read(self, job: Job, semantics: Semantics, offered: threading.Event) -> Reading | None:
        from observe.telemetry.remote_read.errors import NoRemoteReadError
        from observe.telemetry.remote_read.tables import read

        with self.client.pace.slot():
            if not offered.is_set() or time.monotonic() >= self.deadline:
                return None
            try:
                reading = read(
                    self.client, job, semantics, self.replica_labels, deadline=self.deadline
                )
            except NoRemoteReadError:
                offered.clear()
                return None
            except BusyError:
                self.client.pace.hold_back()
                return None
            except SourceError:
                return None  # PromQL finds out whether the server is still there
        span = job.pieces[0].end - job.pieces[0].start
        self.client.charge(len(job.selectors), reading.seconds, reading.bytes)
        self.client.pace.answered(f"raw {job.selectors}", reading.seconds, span.days)
        return reading
