"""Give a server the week that a mesh would have left in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
    began = time.perf_counter()
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    start = last - timedelta(days=days)
    blocks = simulate(truth, seed, start, days, scrape_interval=scrape_interval)
    cost = PushCost()
    names: set[frozenset[tuple[str, str]]] = set()
    for number, block in enumerate(_ahead(blocks)):
        cost += push(server_url, block.labels, block.timestamps_ms, block.values)
        names.update(frozenset(one.items()) for one in block.labels)
        if on_progress is not None:
            on_progress(24 * number, 24 * days)
    return LoadSummary(start, last, len(names), cost, time.perf_counter() - began)


def _ahead(blocks: Iterator[SeriesBlock]) -> Iterator[SeriesBlock]:
    """The same blocks, each computed while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
