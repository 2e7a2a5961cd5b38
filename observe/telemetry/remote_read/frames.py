"""Frames of the stream: protobuf messages to series, their labels and their decoded samples.

Source of the format: prometheus/prompb/remote.proto (ChunkedReadResponse, ChunkedSeries) and
types.proto (Chunk). The messages are walked in compiled code: a week of fifty edges has a quarter
of a million chunks, and an object for each would cost more than decoding it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.crc32c import TABLES, checksum
from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.protobuf import field_at, varint_at
from observe.telemetry.remote_read.xor import Bytes, Words, decode_chunk, words_of

_XOR, _HISTOGRAM, _FLOAT_HISTOGRAM = 1, 2, 3
_BROKEN, _WRONG_CHECKSUM = -1, -2
CHECKSUM_BYTES = 4
#: Prometheus makes frames of about 1 MiB (--storage.remote.read-max-bytes-in-frame).
_LONGEST_FRAME = 256 << 20


@dataclass(frozen=True)
class Batch:
    """Whole series, one after the other: S series with N samples.

    Attributes:
        data: bytes that the labels are in.
        labels: where the labels of each series begin and end in `data` (S, 2).
        offsets: series i has the samples from `offsets[i]` to `offsets[i + 1]` (S + 1).
        times: milliseconds since 1970 (N).
        bits: the values' bits (N); stale markers are among them.
    """

    data: Bytes
    labels: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times: NDArray[np.int64]
    bits: NDArray[np.uint64]


def decode_frames(data: Bytes, size: int) -> tuple[Batch, int]:
    """The series of whole frames, and the number of native histogram chunks that were left out.

    Args:
        data: the frames, with at least `xor.SLACK` bytes behind them; a multiple of eight bytes.
        size: bytes of the frames.

    Raises:
        ValueError: a checksum is wrong, or the bytes are no such messages.
    """
    nothing = np.empty(0, dtype=np.int64)
    nowhere = (nothing.reshape(0, 2), nothing, nothing, nothing.view(np.uint64))
    words = words_of(data)
    series, samples, foreign = _all_frames(data, words, size, TABLES, *nowhere)
    _check(series)
    labels = np.zeros((series, 2), dtype=np.int64)
    offsets = np.zeros(series + 1, dtype=np.int64)
    times, bits = np.empty(samples, dtype=np.int64), np.empty(samples, dtype=np.uint64)
    series, _, foreign = _all_frames(data, words, size, TABLES, labels, offsets, times, bits)
    _check(series)
    # Series that go on in another frame were counted once a frame.
    return Batch(data, labels[:series], offsets[: series + 1], times, bits), int(foreign)


def whole_frames(data: Bytes) -> tuple[int, int]:
    """Bytes of the frames at the start that are complete, and bytes that the next one needs.

    The second number is 0 when that is not known yet, and -1 when these are no frames.
    """
    end, needed = _whole(data)
    return int(end), int(needed)


def _check(series: int) -> None:
    if series == _BROKEN:
        raise ValueError("a message or a chunk cannot be decoded")
    if series == _WRONG_CHECKSUM:
        raise ValueError("a checksum is wrong")


@compiled
def _whole(data: Bytes) -> tuple[int, int]:
    at = 0
    while True:
        size, start = varint_at(data, at, len(data))
        if start < 0:
            return at, 0 if len(data) - at < 10 else _BROKEN
        if size < 0 or size > _LONGEST_FRAME:
            return at, _BROKEN
        if size + CHECKSUM_BYTES > len(data) - start:
            return at, start - at + CHECKSUM_BYTES + size
        at = start + CHECKSUM_BYTES + size


@compiled
def _all_frames(
    data: Bytes,
    words: Words,
    end: int,
    tables: NDArray[np.uint32],
    labels: NDArray[np.int64],
    offsets: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
) -> tuple[int, int, int]:
    """Series, samples and foreign chunks; written down where there is room.

    Checksums are looked at in the pass without room. The first number is negative where it fails.
    """
    at, series, samples, foreign = 0, 0, 0, 0
    while at < end:
        size, start = varint_at(data, at, end)
        if start < 0 or size < 0 or size > end - start - CHECKSUM_BYTES:
            return _BROKEN, 0, 0
        told = np.uint32(0)
        for i in range(CHECKSUM_BYTES):
            told = told << np.uint32(8) | np.uint32(data[start + i])
        start += CHECKSUM_BYTES
        at = start + size
        if not len(offsets) and checksum(data[start:at], tables) != told:
            return _WRONG_CHECKSUM, 0, 0
        series, samples, skipped = _walk(
            data, words, start, at, labels, offsets, times, bits, series, samples
        )
        if series < 0:
            return _BROKEN, 0, 0
        foreign += skipped
    return series, samples, foreign


@compiled
def _walk(
    data: Bytes,
    words: Words,
    at: int,
    end: int,
    labels: NDArray[np.int64],
    offsets: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
    series: int,
    samples: int,
) -> tuple[int, int, int]:
    """Series and samples so far with those of a message, and its foreign chunks."""
    foreign = 0
    while at < end:
        number, start, stop, at = field_at(data, at, end)
        if at < 0:
            return _BROKEN, 0, 0
        if number != 1:
            continue
        first, last, samples, skipped = _series(data, words, start, stop, times, bits, samples)
        if last < 0:
            return _BROKEN, 0, 0
        foreign += skipped
        if len(offsets):
            if series and _same(data, labels[series - 1, 0], labels[series - 1, 1], first, last):
                series -= 1  # it goes on: the frame before was full
            labels[series, 0], labels[series, 1] = first, last
            offsets[series + 1] = samples
        series += 1
    return series, samples, foreign


@compiled
def _same(data: Bytes, start: int, stop: int, first: int, last: int) -> bool:
    """Whether two spans hold the same bytes."""
    if stop - start != last - first:
        return False
    for i in range(stop - start):  # noqa: SIM110 (numba)
        if data[start + i] != data[first + i]:
            return False
    return True


@compiled
def _series(
    data: Bytes,
    words: Words,
    at: int,
    end: int,
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
    samples: int,
) -> tuple[int, int, int, int]:
    """Begin and end of the labels, samples so far, foreign chunks; the end is -1 when broken."""
    first, last, foreign = at, at, 0
    while at < end:
        number, start, stop, at = field_at(data, at, end)
        if at < 0:
            return 0, _BROKEN, 0, 0
        if number == 1:
            last = stop
        elif number == 2:
            kind, begin, finish = _chunk(data, start, stop)
            if kind in (_HISTOGRAM, _FLOAT_HISTOGRAM):
                foreign += 1
            elif kind != _XOR or finish - begin < 2:
                return 0, _BROKEN, 0, 0
            elif len(times):
                count = decode_chunk(words, begin, finish, times, bits, samples)
                if count < 0:
                    return 0, _BROKEN, 0, 0
                samples += count
            else:
                samples += int(np.int64(data[begin])) << 8 | int(np.int64(data[begin + 1]))
    return first, last, samples, foreign


@compiled
def _chunk(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Kind of a chunk, where its bytes begin and end; kind -1 when broken."""
    kind, begin, finish = 0, 0, 0
    while at < end:
        number, start, stop, at = field_at(data, at, end)
        if at < 0:
            return _BROKEN, 0, 0
        if number == 3:
            kind = start
        elif number == 4:
            begin, finish = start, stop
    return kind, begin, finish
