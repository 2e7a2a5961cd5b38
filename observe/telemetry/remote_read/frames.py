"""Frames of the stream: protobuf messages to series, their labels and their decoded samples.

Source of the format: prometheus/prompb/remote.proto (ChunkedReadResponse, ChunkedSeries) and
types.proto (Chunk). The messages are walked in compiled code: a week of fifty edges has a quarter
of a million chunks, and an object for each would cost more than decoding it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.xor import Bytes, decode_chunk

_XOR, _HISTOGRAM, _FLOAT_HISTOGRAM = 1, 2, 3
_FIXED64, _LENGTH, _FIXED32 = 1, 2, 5
_BROKEN = -1


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


def decode_frame(data: Bytes, start: int, end: int) -> tuple[Batch, int]:
    """The series of one frame, and the number of native histogram chunks that were left out.

    Args:
        data: bytes, with `xor.SLACK` more behind `end`.
        start: first byte of the message.
        end: byte after it.

    Raises:
        ValueError: the bytes are no such message.
    """
    series, samples, foreign = _walk(data, start, end, *_nowhere())
    if series < 0:
        raise ValueError("not a message of series and chunks")
    labels = np.zeros((series, 2), dtype=np.int64)
    offsets = np.zeros(series + 1, dtype=np.int64)
    times, bits = np.empty(samples, dtype=np.int64), np.empty(samples, dtype=np.uint64)
    series, _, foreign = _walk(data, start, end, labels, offsets, times, bits)
    if series < 0:
        raise ValueError("a chunk cannot be decoded")
    return Batch(data, labels, offsets, times, bits), int(foreign)


def _nowhere() -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]
]:
    """Places to write to that hold nothing: counting only."""
    empty = np.empty(0, dtype=np.int64)
    return np.empty((0, 2), dtype=np.int64), empty, empty, np.empty(0, dtype=np.uint64)


@compiled
def varint_at(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A varint and the position after it, which is -1 when it is cut off or too long."""
    value, shift = 0, 0
    while at < end and shift < 64:
        byte = int(np.int64(data[at]))
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, _BROKEN


@compiled
def field_at(data: Bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Number of a field, its value or else the start of its bytes, their end, the next position.

    The next position is -1 when the field is broken.
    """
    tag, at = varint_at(data, at, end)
    if at < 0:
        return 0, 0, 0, _BROKEN
    number, wire = tag >> 3, tag & 7
    if wire == 0:
        value, at = varint_at(data, at, end)
        return number, value, 0, at
    size = 0
    if wire == _LENGTH:
        size, at = varint_at(data, at, end)
    elif wire == _FIXED64:
        size = 8
    elif wire == _FIXED32:
        size = 4
    else:
        at = _BROKEN
    if at < 0 or size < 0 or size > end - at:
        return 0, 0, 0, _BROKEN
    return number, at, at + size, at + size


@compiled
def _walk(
    data: Bytes,
    at: int,
    end: int,
    labels: NDArray[np.int64],
    offsets: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.uint64],
) -> tuple[int, int, int]:
    """Series, samples and foreign chunks of a message; written down where there is room."""
    series, samples, foreign = 0, 0, 0
    while at < end:
        number, start, stop, at = field_at(data, at, end)
        if at < 0:
            return _BROKEN, 0, 0
        if number != 1:
            continue
        first, last, samples, skipped = _series(data, start, stop, times, bits, samples)
        if last < 0:
            return _BROKEN, 0, 0
        foreign += skipped
        if len(offsets):
            labels[series, 0], labels[series, 1] = first, last
            offsets[series + 1] = samples
        series += 1
    return series, samples, foreign


@compiled
def _series(
    data: Bytes,
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
                count = decode_chunk(data, begin, finish, times, bits, samples)
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
