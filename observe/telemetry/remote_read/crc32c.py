"""CRC-32C (Castagnoli), with which Prometheus protects each frame of a stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.kernels import compiled

_POLYNOMIAL = 0x82F63B78  # reversed representation of 0x1EDC6F41 (RFC 3720)
_FULL = np.uint32(0xFFFFFFFF)
_BYTE = np.uint32(0xFF)


def _tables() -> NDArray[np.uint32]:
    """For each byte value and each of eight distances to the end, its share of the checksum."""
    tables = np.zeros((8, 256), dtype=np.uint32)
    for value in range(256):
        rest = value
        for _ in range(8):
            rest = rest >> 1 ^ (_POLYNOMIAL if rest & 1 else 0)
        tables[0, value] = rest
    for distance in range(1, 8):
        before = tables[distance - 1]
        tables[distance] = before >> 8 ^ tables[0, before & 0xFF]
    return tables


#: For :func:`checksum`, which cannot reach what lies outside of it.
TABLES = _tables()


def crc32c(data: NDArray[np.uint8]) -> int:
    """Checksum of the bytes; 0xE3069283 for "123456789"."""
    return int(checksum(data, TABLES))


@compiled
def checksum(data: NDArray[np.uint8], tables: NDArray[np.uint32]) -> np.uint32:
    """The same from compiled code; `tables` is `TABLES`."""
    crc = _FULL
    at, end = 0, len(data)
    while at + 8 <= end:  # eight bytes a round: "slicing by eight"
        crc ^= (
            np.uint32(data[at])
            | np.uint32(data[at + 1]) << np.uint32(8)
            | np.uint32(data[at + 2]) << np.uint32(16)
            | np.uint32(data[at + 3]) << np.uint32(24)
        )
        crc = (
            tables[7, crc & _BYTE]
            ^ tables[6, (crc >> np.uint32(8)) & _BYTE]
            ^ tables[5, (crc >> np.uint32(16)) & _BYTE]
            ^ tables[4, crc >> np.uint32(24)]
            ^ tables[3, data[at + 4]]
            ^ tables[2, data[at + 5]]
            ^ tables[1, data[at + 6]]
            ^ tables[0, data[at + 7]]
        )
        at += 8
    while at < end:
        crc = tables[0, (crc ^ np.uint32(data[at])) & _BYTE] ^ (crc >> np.uint32(8))
        at += 1
    return crc ^ _FULL
