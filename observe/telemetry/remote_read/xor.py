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
Words = NDArray[np.uint64]
#: Bytes that must follow the last chunk in memory: a corrupt one may be read a little beyond.
SLACK = 64

_U1, _U63, _U64 = np.uint64(1), np.uint64(63), np.uint64(64)


def words_of(data: Bytes) -> Words:
    """The bytes as words whose highest bits come first; their number must be one of eights."""
    return data.view(">u8").astype(np.uint64)


@compiled
def _word(words: Words, bit: int) -> np.uint64:
    """The 64 bits from here on."""
    at, shift = bit >> 6, np.uint64(bit & 63)
    word: np.uint64 = words[at] << shift | words[at + 1] >> _U1 >> (_U63 - shift)
    return word


@compiled
def _varint(words: Words, bit: int) -> tuple[np.uint64, int]:
    """A varint that starts on any bit, and the bit after it."""
    value, shift = np.uint64(0), np.uint64(0)
    for _ in range(10):
        byte = _word(words, bit) >> np.uint64(56)
        bit += 8
        value |= (byte & np.uint64(0x7F)) << shift
        shift += np.uint64(7)
        if byte < np.uint64(0x80):
            break
    return value, bit


@compiled
def _change_of_delta(words: Words, bit: int, head: np.uint64) -> tuple[np.int64, int]:
    """Difference between two neighbouring time differences, and the bit after it.

    `head` is the word from here on, of which the first bit is set.
    """
    if head >> np.uint64(62) == 0b10:
        prefix, size = 2, 14
    elif head >> np.uint64(61) == 0b110:
        prefix, size = 3, 17
    elif head >> np.uint64(60) == 0b1110:
        prefix, size = 4, 20
    else:
        return np.int64(_word(words, bit + 4)), bit + 68
    value = np.int64(head << np.uint64(prefix) >> np.uint64(64 - size))
    if value > (1 << (size - 1)):
        value -= 1 << size
    return value, bit + prefix + size


# In one piece, though long: a call for each sample would cost more than what it does.
@compiled
def decode_chunk(
    words: Words,
    start: int,
    end: int,
    times: NDArray[np.int64],
    values: NDArray[np.uint64],
    at: int,
) -> int:
    """Decode one chunk.

    Args:
        words: see :func:`words_of`; `SLACK` bytes more follow `end`.
        start: first byte of the chunk.
        end: byte after it.
        times: milliseconds since 1970 are written here ...
        values: ... and the bits of the values here ...
        at: ... from this position on; there must be room for what the chunk announces.

    Returns:
        Number of samples, -1 when the chunk is not one.
    """
    bit, end_bit = start * 8 + 16, end * 8
    count = int(np.int64(_word(words, start * 8) >> np.uint64(48)))
    if count == 0:
        return 0
    raw, bit = _varint(words, bit)
    time = np.int64(raw >> _U1) ^ -np.int64(raw & _U1)
    value = _word(words, bit)
    bit += 64
    times[at], values[at] = time, value
    delta, leading, mantissa = np.int64(0), 0, 0
    for i in range(1, count):
        if bit > end_bit:
            return -1
        head = _word(words, bit)
        if i == 1:
            raw, bit = _varint(words, bit)
            delta = np.int64(raw)
            head = _word(words, bit)
        elif head >> _U63:
            change, bit = _change_of_delta(words, bit, head)
            delta += change
            head = _word(words, bit)
        else:
            bit += 1
            head <<= _U1
        time += delta
        if head >> _U63:
            if head >> np.uint64(62) == 0b11:
                leading = int(np.int64(head << np.uint64(2) >> np.uint64(59)))
                mantissa = int(np.int64(head << np.uint64(7) >> np.uint64(58)))
                mantissa = mantissa if mantissa else 64
                bit += 11
            bit += 2
            if leading + mantissa > 64 or mantissa == 0:
                return -1
            changed = _word(words, bit) >> np.uint64(64 - mantissa)
            value ^= changed << np.uint64(64 - leading - mantissa)
            bit += mantissa
        else:
            bit += 1
        times[at + i], values[at + i] = time, value
    return count if bit <= end_bit else -1
