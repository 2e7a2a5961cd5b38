"""Fields of protobuf messages, one after the other, without an object for any of them.

Source of the format: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import numpy as np

from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.xor import Bytes

_FIXED64, _LENGTH, _FIXED32 = 1, 2, 5
_BROKEN = -1


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
