"""The week in both tiers: counters in the edge tier, recorded rates in the external one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np

from observe.demo.load import LoadSummary, load_blocks
from observe.demo.recorded_week import EVALUATION_LAG_SECONDS, Recorder
from observe.demo.remote_write import Progress, PushCost, push
from observe.demo.simulate import SeriesBlock, simulate
from observe.demo.truth import Truth

#: Distance of scrapes and of evaluations, in the past and while the demo is kept running: readers
#: find one distance in the data.
INTERVAL_SECONDS = 60

#: Days for which a demo that is kept running goes on.
_DAYS_TO_COME = 400


@dataclass
class History:
    """What was loaded, and how the mesh goes on from there.

    Attributes:
        truth: the mesh, told when its window starts.
        summary: of the counters.
        recorded: what the recorded rates cost.
        today: the day that begins where the window ends.
        coming: the days after it.
        recorder: knows the last scrapes of the window.
    """

    truth: Truth
    summary: LoadSummary
    recorded: PushCost
    today: SeriesBlock
    coming: Iterator[SeriesBlock]
    recorder: Recorder

    @property
    def clusters(self) -> tuple[str, ...]:
        """Clusters of the mesh, sorted."""
        return clusters_of(self.truth)


def clusters_of(truth: Truth) -> tuple[str, ...]:
    """Clusters of a mesh, sorted."""
    return tuple(sorted({workload.cluster for workload in truth.workloads}))


def load_history(
    edge_url: str,
    external_url: str,
    truth: Truth,
    seed: int,
    end: datetime,
    on_progress: Progress | None = None,
    *,
    days: int = 7,
) -> History:
    """Simulate a mesh; write its counters to one server and their recorded rates to another.

    Both servers must be empty and accept remote write.

    Args:
        edge_url: gets the counters.
        external_url: gets what the edge tier's rules would have recorded, and the edge tier's
            heartbeat for each cluster.
        truth: the mesh.
        seed: of the sampling.
        end: the window ends at the last whole hour before this.
        on_progress: called with hours done and hours in all.
        days: length of the window.

    Raises:
        SourceError: a server could not be reached or refused the samples.
    """
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    start = last - timedelta(days=days)
    blocks = simulate(truth, seed, start, days + _DAYS_TO_COME, scrape_interval=INTERVAL_SECONDS)
    recorder, clusters = Recorder(INTERVAL_SECONDS), clusters_of(truth)
    costs: list[PushCost] = []
    with ThreadPoolExecutor(1) as pool:

        def write(block: SeriesBlock) -> PushCost:
            written = pool.submit(write_block, edge_url, block)
            costs.append(write_block(external_url, recorder.record(block, clusters)))
            return written.result()

        summary = load_blocks(islice(blocks, days + 1), start, last, write, on_progress)
    today = next(blocks)
    recorded = sum(costs, PushCost())
    return History(truth.starting(start), summary, recorded, today, blocks, recorder)


def write_block(url: str, block: SeriesBlock) -> PushCost:
    """Write a block of samples to a server."""
    return push(url, block.labels, block.timestamps_ms, block.values)


def load_until(history: History, edge_url: str, external_url: str, now: datetime) -> None:
    """Write what happened between the end of the window and now; call it once.

    Args:
        history: as loaded.
        edge_url: gets the counters.
        external_url: gets the recorded rates.
        now: no sample will be younger.

    Raises:
        SourceError: a server could not be reached or refused the samples.
    """
    latest = round(1000 * (now.timestamp() - EVALUATION_LAG_SECONDS))
    count = int(np.searchsorted(history.today.timestamps_ms, latest, side="right"))
    if count:
        block = part(history.today, count)
        write_block(edge_url, block)
        write_block(external_url, history.recorder.record(block, history.clusters))


def part(block: SeriesBlock, count: int) -> SeriesBlock:
    """The first moments of a block."""
    return SeriesBlock(block.labels, block.timestamps_ms[:count], block.values[:, :count])
