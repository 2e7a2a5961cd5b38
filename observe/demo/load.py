"""Give a server the week that a mesh would have left in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from observe.demo.remote_write import Progress, PushCost, push
from observe.demo.simulate import SeriesBlock, simulate
from observe.demo.truth import Truth


@dataclass(frozen=True)
class LoadSummary:
    """What was loaded, and what it cost.

    Attributes:
        start, end: the window; end is a whole hour.
        series: series of the whole window, those of replaced pods included.
        cost: samples, requests and bytes on the wire, seconds spent writing.
        seconds: from the first draw to the last answer.
    """

    start: datetime
    end: datetime
    series: int
    cost: PushCost
    seconds: float


def load_week(
    server_url: str,
    truth: Truth,
    seed: int,
    end: datetime,
    on_progress: Progress | None = None,
    *,
    days: int = 7,
    scrape_interval: int = 60,
) -> LoadSummary:
    """Simulate a mesh and write its samples; the next day is drawn while one is written.

    The server must be empty and accept remote write; `observe.bootstrap.prometheus.HISTORY_FLAGS`
    make it cheap.

    Args:
        server_url: such as `http://127.0.0.1:9090`.
        truth: the mesh.
        seed: of the sampling.
        end: the window ends at the last whole hour before this.
        on_progress: called with hours done and hours in all.
        days: length of the window.
        scrape_interval: seconds; divides 300.

    Raises:
        SourceError: the server could not be reached or refused the samples.
    """
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    start = last - timedelta(days=days)
    blocks = simulate(truth, seed, start, days, scrape_interval=scrape_interval)

    def write(block: SeriesBlock) -> PushCost:
        return push(server_url, block.labels, block.timestamps_ms, block.values)

    return load_blocks(blocks, start, last, write, on_progress)


def load_blocks(
    blocks: Iterator[SeriesBlock],
    start: datetime,
    end: datetime,
    write: Callable[[SeriesBlock], PushCost],
    on_progress: Progress | None = None,
) -> LoadSummary:
    """Write blocks of a day, and the scrape before the first; each is drawn while one is written.

    Args:
        blocks: in time order, as from `simulate`.
        start: start of the window.
        end: its end.
        write: writes one, and tells what that cost.
        on_progress: called with hours done and hours in all.
    """
    began = time.perf_counter()
    hours = round((end - start) / timedelta(hours=1))
    cost = PushCost()
    names: set[frozenset[tuple[str, str]]] = set()
    for number, block in enumerate(_ahead(blocks)):
        cost += write(block)
        names.update(frozenset(one.items()) for one in block.labels)
        if on_progress is not None:
            on_progress(24 * number, hours)
    return LoadSummary(start, end, len(names), cost, time.perf_counter() - began)


def _ahead(blocks: Iterator[SeriesBlock]) -> Iterator[SeriesBlock]:
    """The same blocks, each computed while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
