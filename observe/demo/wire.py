"""The remote-write 1.0 message, encoded from arrays: protobuf, then snappy blocks.

A sample is a fixed-width record as long as its timestamp's varint keeps its length, which holds
from 1971 to 2109 in milliseconds. So all samples of all series are laid out by numpy at once, and
Python only puts labels and slices next to one another.

Source of the format: prometheus/prompb/types.proto and remote.proto (WriteRequest, TimeSeries,
Label, Sample).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cramjam
import numpy as np
from numpy.typing import NDArray

from observe.errors import InputError

#: Bytes of a varint for every timestamp in [EARLIEST_MS, LATEST_MS).
_TIME_BYTES = 6
EARLIEST_MS = 1 << 35
LATEST_MS = 1 << 42

_SAMPLE_BODY = 1 + 8 + 1 + _TIME_BYTES
_RECORD = np.dtype(
    [
        ("sample_tag", "u1"),
        ("length", "u1"),
        ("value_tag", "u1"),
        ("value", "<f8"),
        ("time_tag", "u1"),
        ("time", "u1", (_TIME_BYTES,)),
    ]
)


def encode_labels(labels: Mapping[str, str]) -> bytes:
    """The label part of a TimeSeries; sorted by name as the receiver demands, empty ones left out.

    Raises:
        InputError: the metric has no name.
    """
    if not labels.get("__name__"):
        raise InputError("a series has no metric name", "Give every series a '__name__' label")
    parts = []
    for name, value in sorted(labels.items()):
        if value:
            body = _text(1, name) + _text(2, value)
            parts.append(b"\x0a" + varint(len(body)) + body)
    return b"".join(parts)


def encode_samples(
    timestamps_ms: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[bytes, NDArray[np.int64]]:
    """All samples of all series, one record after the other, and where each series ends.

    Args:
        timestamps_ms: shape (T,), ascending, milliseconds since 1970.
        values: shape (N, T); NaN is a sample that does not exist.

    Returns:
        The records, and N + 1 byte offsets: series i is `records[offsets[i]:offsets[i + 1]]`.
    """
    check_times(timestamps_ms)
    records = np.empty(values.shape, dtype=_RECORD)
    records["sample_tag"] = 0x12
    records["length"] = _SAMPLE_BODY
    records["value_tag"] = 0x09
    records["value"] = values
    records["time_tag"] = 0x10
    records["time"] = _time_varints(timestamps_ms)
    present = ~np.isnan(values)
    offsets = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(present.sum(axis=1) * _RECORD.itemsize, out=offsets[1:])
    kept = records if offsets[-1] == values.size * _RECORD.itemsize else records[present]
    return kept.tobytes(), offsets


def encode_request(
    labels: Sequence[bytes],
    timestamps_ms: NDArray[np.int64],
    values: NDArray[np.float64],
) -> bytes:
    """A WriteRequest with every series that has a sample; empty when none has."""
    records, offsets = encode_samples(timestamps_ms, values)
    parts: list[bytes] = []
    bounds = offsets.tolist()
    for label, start, end in zip(labels, bounds[:-1], bounds[1:], strict=True):
        if end > start:
            parts += (b"\x0a", varint(len(label) + end - start), label, records[start:end])
    return b"".join(parts)


def compress(message: bytes) -> bytes:
    """The message in snappy's block format."""
    raw: Any = cramjam.snappy.compress_raw(message)
    return bytes(raw)


def varint(number: int) -> bytes:
    """Protobuf's base-128 number, the lowest seven bits first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def check_times(timestamps_ms: NDArray[np.int64]) -> None:
    """Refuse times that are not ascending or are not milliseconds of this age.

    Raises:
        InputError: seconds were given for milliseconds, or the order is wrong.
    """
    if len(timestamps_ms) == 0:
        return
    if timestamps_ms.min() < EARLIEST_MS or timestamps_ms.max() >= LATEST_MS:
        raise InputError(
            "a timestamp lies outside 1971-2109", "Give milliseconds since 1970, not seconds"
        )
    if np.any(np.diff(timestamps_ms) <= 0):
        raise InputError("timestamps are not ascending", "Sort them and drop duplicates")


def _text(field: int, text: str) -> bytes:
    raw = text.encode()
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def _time_varints(timestamps_ms: NDArray[np.int64]) -> NDArray[np.uint8]:
    shifts = 7 * np.arange(_TIME_BYTES)
    groups = (timestamps_ms[:, None] >> shifts) & 0x7F
    groups[:, :-1] |= 0x80
    return groups.astype(np.uint8)
