"""XOR chunks of Prometheus to times and values.

A chunk holds up to 120 samples, the times as differences of differences, the values as what is
left when two neighbours are combined by exclusive or ("Gorilla: A Fast, Scalable, In-Memory Time
Series Database", VLDB 2015, §4.1). Source of the layout: prometheus/tsdb/docs/format/chunks.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.kernels import compiled

Bytes = NDArray[np.uint8]
#: Bytes that must follow the last chunk in memory: a corrupt one may be read a little beyond.
SLACK = 64

_U1, _U8, _U64 = np.uint64(1), np.uint64(8), np.uint64(64)


@compiled
def _word(data: Bytes, bit: int) -> np.uint64:
    """The bits from here on at the upper end of a word; at least 57 of them are right."""
    at = bit >> 3
    word = np.uint64(data[at])
    for i in range(1, 8):
        word = word << _U8 | np.uint64(data[at + i])
    return word << np.uint64(bit & 7)


@compiled
def _bits(data: Bytes, bit: int, count: int) -> np.uint64:
    """The next `count` bits (1-64) as a number."""
    if count <= 57:
        return _word(data, bit) >> (_U64 - np.uint64(count))
    low = count - 32
    high = _word(data, bit) >> np.uint64(32)
    return high << np.uint64(low) | _word(data, bit + 32) >> (_U64 - np.uint64(low))


@compiled
def _varint(data: Bytes, bit: int) -> tuple[np.uint64, int]:
    """A varint that starts on any bit, and the bit after it."""
    value, shift = np.uint64(0), np.uint64(0)
    for _ in range(10):
        byte = _bits(data, bit, 8)
        bit += 8
        value |= (byte & np.uint64(0x7F)) << shift
        shift += np.uint64(7)
        if byte < np.uint64(0x80):
            break
    return value, bit


@compiled
def _change_of_delta(data: Bytes, bit: int) -> tuple[np.int64, int]:
    """Difference between two neighbouring time differences, and the bit after it."""
    word = _word(data, bit)
    if word >> np.uint64(63) == 0:
        return np.int64(0), bit + 1
    if word >> np.uint64(62) == 0b10:
        prefix, size = 2, 14
    elif word >> np.uint64(61) == 0b110:
        prefix, size = 3, 17
    elif word >> np.uint64(60) == 0b1110:
        prefix, size = 4, 20
    else:
        return np.int64(_bits(data, bit + 4, 64)), bit + 68
    value = np.int64(_bits(data, bit + prefix, size))
    if value > (1 << (size - 1)):
        value -= 1 << size
    return value, bit + prefix + size


@compiled
def decode_chunk(
    data: Bytes, start: int, end: int, times: NDArray[np.int64], values: NDArray[np.uint64], at: int
) -> int:
    """Decode one chunk.

    Args:
        data: bytes, with `SLACK` more behind `end`.
        start: first byte of the chunk.
        end: byte after it.
        times: milliseconds since 1970 are written here ...
        values: ... and the bits of the values here ...
        at: ... from this position on; there must be room for what the chunk announces.

    Returns:
        Number of samples, -1 when the chunk is not one.
    """
    count = int(np.int64(data[start])) << 8 | int(np.int64(data[start + 1]))
    if count == 0:
        return 0
    bit, end_bit = (start + 2) * 8, end * 8
    raw, bit = _varint(data, bit)
    time = np.int64(raw >> _U1) ^ -np.int64(raw & _U1)
    value = _bits(data, bit, 64)
    bit += 64
    times[at], values[at] = time, value
    delta = np.int64(0)
    leading, mantissa = 0, 0
    for i in range(1, count):
        if bit > end_bit:
            return -1
        if i == 1:
            raw, bit = _varint(data, bit)
            delta = np.int64(raw)
        else:
            change, bit = _change_of_delta(data, bit)
            delta += change
        time += delta
        head = _word(data, bit)
        if head >> np.uint64(63) == 0:
            bit += 1
        else:
            bit += 2
            if head >> np.uint64(62) == 0b11:
                leading = int(np.int64(head >> np.uint64(57) & np.uint64(31)))
                mantissa = int(np.int64(head >> np.uint64(51) & np.uint64(63)))
                mantissa = mantissa if mantissa else 64
                bit += 11
                if leading + mantissa > 64:
                    return -1
            if mantissa == 0:
                return -1
            value ^= _bits(data, bit, mantissa) << np.uint64(64 - leading - mantissa)
            bit += mantissa
        times[at + i], values[at + i] = time, value
    return count if bit <= end_bit else -1
