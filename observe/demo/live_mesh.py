"""The simulated mesh as it goes on after its week: what a scrape reads at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from zlib import crc32

import numpy as np

from observe.demo.labels import Labels
from observe.demo.rates import Floats
from observe.demo.sides import side_block
from observe.demo.simulate import SeriesBlock
from observe.demo.truth import Truth
from observe.exposition import page, series_text

#: Cluster and scrape job: what one address shows.
Source = tuple[str, str]


def value_at(block: SeriesBlock, ms: float, phases: Floats) -> Floats:
    """Values at a moment between two scrapes: on the line between them, counts as whole numbers.

    Args:
        block: some moments.
        ms: milliseconds since 1970; before the first or after the last moment counts as that one.
        phases: shape (N,), what :func:`phase_of` says of each series.

    Returns:
        Shape (N,); NaN where the series does not exist on both sides.
    """
    times = block.timestamps_ms
    ms = float(np.clip(ms, times[0], times[-1]))
    right = min(max(int(np.searchsorted(times, ms, side="right")), 1), len(times) - 1)
    left = max(right - 1, 0)
    first, last = block.values[:, left], block.values[:, right]
    width = float(times[right] - times[left])
    share = (ms - float(times[left])) / width if width else 0.0
    between = first + share * (last - first)
    whole = (first == np.rint(first)) & (last == np.rint(last))
    found: Floats = np.where(whole, np.floor(between + phases), between)
    return found


def phase_of(labels: Labels) -> float:
    """What share of the way to the next whole number a count needs not go: in (0, 1).

    Counts that all went up at the same moment, the end of the minute, would be a burst every
    minute. The buckets of a histogram share their phase, so that none overtakes the next.
    """
    key = sorted(f"{k}={v}" for k, v in labels.items() if k not in ("__name__", "le"))
    return (1 + crc32("\n".join(key).encode()) % 999) / 1000


def joined(before: SeriesBlock, block: SeriesBlock) -> SeriesBlock:
    """A block with the last moment of the one before in front of it."""
    known = {_key(one): i for i, one in enumerate(before.labels)}
    rows = [known.get(_key(one)) for one in block.labels]
    front = np.array([np.nan if row is None else before.values[row, -1] for row in rows])
    return SeriesBlock(
        block.labels,
        np.concatenate([before.timestamps_ms[-1:], block.timestamps_ms]),
        np.concatenate([front[:, None], block.values], axis=1),
    )


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def source_of(labels: Labels) -> Source:
    """Which address shows a series."""
    return labels["cluster"], labels["job"]


@dataclass
class _Day:
    """A day's scrapes, and what each series looks like on a page."""

    block: SeriesBlock
    texts: list[str]
    sources: list[Source]
    phases: Floats


class LiveMesh:
    """What the mesh's programs show when they are scraped; safe to ask from several threads.

    Args:
        truth: the mesh, told when its window started.
        end_ms: end of the window.
        today: the day that begins there, with the scrape before it.
        coming: the days after that one.
    """

    def __init__(
        self, truth: Truth, end_ms: int, today: SeriesBlock, coming: Iterator[SeriesBlock]
    ) -> None:
        self._truth = truth
        self._end_ms = end_ms
        self._coming = coming
        self._lock = Lock()
        self._day = _told(today)

    def sources(self) -> list[Source]:
        """All that there is to be scraped, sorted."""
        side = side_block(self._truth, self._end_ms, np.array([self._end_ms]))
        return sorted({*self._day.sources, *map(source_of, side.labels)})

    def page(self, source: Source, ms: float) -> str:
        """What one address shows at a moment; empty for one that is not there."""
        day = self._day_of(ms)
        samples = zip(
            day.sources, day.texts, value_at(day.block, ms, day.phases).tolist(), strict=True
        )
        side = side_block(self._truth, self._end_ms, np.array([round(ms)]))
        beside = zip(side.labels, side.values[:, 0].tolist(), strict=True)
        return page(
            [
                *((text, value) for where, text, value in samples if where == source),
                *((series_text(one), v) for one, v in beside if source_of(one) == source),
            ]
        )

    def _day_of(self, ms: float) -> _Day:
        with self._lock:
            while ms > self._day.block.timestamps_ms[-1]:
                following = next(self._coming, None)
                if following is None:
                    break
                self._day = _told(joined(self._day.block, following))
            return self._day


def _told(block: SeriesBlock) -> _Day:
    return _Day(
        block,
        [series_text(one) for one in block.labels],
        [*map(source_of, block.labels)],
        np.array([phase_of(one) for one in block.labels]),
    )
