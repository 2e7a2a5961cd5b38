"""Whole series out of the frames of a stream.

A frame ends where it is full, in the middle of a series as it may be; the next one goes on with
the same labels. So the last series of what has arrived waits until the next shows that it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.frames import Batch, decode_frames
from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.xor import Bytes


@dataclass
class Contents:
    """What a stream held so far: series, samples, chunks of native histograms left out."""

    series: int = 0
    samples: int = 0
    foreign_chunks: int = 0
    seen: set[int] = field(default_factory=set, repr=False)


def whole_series(blocks: Iterable[tuple[Bytes, int]], contents: Contents) -> Iterator[Batch]:
    """Batches of whole series, as they become complete.

    Args:
        blocks: see :func:`observe.telemetry.remote_read.stream.blocks`.
        contents: counts what went by.

    Raises:
        ValueError: a checksum is wrong, a message is none, times do not ascend, or a series comes
            twice.
    """
    waiting: list[Batch] = []
    for data, size in blocks:
        batch, foreign = decode_frames(data, size)
        contents.foreign_chunks += foreign
        contents.samples += len(batch.times)
        last = len(batch.labels) - 1
        if last < 0:
            continue
        first = 0
        if waiting and _labels(waiting[0], 0) == _labels(batch, 0):
            waiting.append(_detached(batch, 0))
            first = 1
        if waiting and first <= last:
            yield _checked(_joined(waiting), contents)
            waiting = []
        if first < last:
            yield _checked(_part(batch, first, last), contents)
        if first <= last:
            waiting = [_detached(batch, last)]
    if waiting:
        yield _checked(_joined(waiting), contents)


def _part(batch: Batch, start: int, stop: int) -> Batch:
    offsets = batch.offsets[start : stop + 1]
    return Batch(batch.data, batch.labels[start:stop], offsets, batch.times, batch.bits)


def _labels(batch: Batch, series: int) -> bytes:
    start, stop = batch.labels[series]
    return batch.data[start:stop].tobytes()


def _detached(batch: Batch, series: int) -> Batch:
    """One series with copies of its own, so that the frame can be let go."""
    start, stop = batch.labels[series]
    a, b = batch.offsets[series], batch.offsets[series + 1]
    return Batch(
        batch.data[start:stop].copy(),
        np.array([[0, stop - start]]),
        np.array([0, b - a]),
        batch.times[a:b].copy(),
        batch.bits[a:b].copy(),
    )


def _joined(parts: list[Batch]) -> Batch:
    """The parts of one series as one."""
    if len(parts) == 1:
        return parts[0]
    times = np.concatenate([part.times for part in parts])
    bits = np.concatenate([part.bits for part in parts])
    return Batch(parts[0].data, parts[0].labels, np.array([0, len(times)]), times, bits)


def _checked(batch: Batch, contents: Contents) -> Batch:
    if not _ascending(batch.times, batch.offsets):
        raise ValueError("samples of a series are not in the order of time")
    contents.series += len(batch.labels)
    contents.seen.update(hash(_labels(batch, i)) for i in range(len(batch.labels)))
    if len(contents.seen) != contents.series:
        raise ValueError("a series came twice")  # it would be counted twice
    return batch


@compiled
def _ascending(times: NDArray[np.int64], offsets: NDArray[np.int64]) -> bool:
    for series in range(len(offsets) - 1):
        for i in range(offsets[series] + 1, offsets[series + 1]):
            if times[i] <= times[i - 1]:
                return False
    return True
