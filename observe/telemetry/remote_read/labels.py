"""Labels of series, straight from the bytes of a frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.remote_read.frames import Batch
from observe.telemetry.remote_read.kernels import compiled
from observe.telemetry.remote_read.protobuf import field_at
from observe.telemetry.remote_read.xor import Bytes


class Wanted:
    """Label names whose values make a key.

    Args:
        names: the names, in the order of the values.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        encoded = [name.encode() for name in names]
        self._names = np.frombuffer(b"".join(encoded) or b"\0", dtype=np.uint8)
        self._ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)

    def keys(self, batch: Batch) -> list[bytes]:
        """One key a series; equal keys mean equal values of the wanted labels.

        Raises:
            ValueError: the bytes are no labels.
        """
        sizes = np.zeros(len(batch.labels) + 1, dtype=np.int64)
        spans = np.zeros((len(batch.labels), len(self.names), 2), dtype=np.int64)
        if not _find(batch.data, batch.labels, self._names, self._ends, spans, sizes):
            raise ValueError("a label cannot be read")
        ends = sizes.cumsum()
        out = np.empty(int(ends[-1]), dtype=np.uint8)
        _copy(batch.data, spans, out)
        whole = out.tobytes()
        return [whole[a:b] for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]

    def values(self, key: bytes) -> tuple[str, ...]:
        """The values that a key was made of, "" for an absent label."""
        texts, at = [], 0
        for _ in self.names:
            size = int.from_bytes(key[at : at + 4], "little")
            texts.append(key[at + 4 : at + 4 + size].decode(errors="replace"))
            at += 4 + size
        return tuple(texts)


def all_labels(batch: Batch, series: int) -> dict[str, str]:
    """Every label of a series.

    Raises:
        ValueError: the bytes are no labels.
    """
    labels: dict[str, str] = {}
    at, end = (int(place) for place in batch.labels[series])
    while at < end:
        number, start, stop, at = field_at(batch.data, at, end)
        if at < 0:
            raise ValueError("a label cannot be read")
        if number == 1:
            label = _label(batch.data, start, stop)
            parts = [batch.data[a:b].tobytes().decode(errors="replace") for a, b in label]
            labels[parts[0]] = parts[1]
    return labels


@compiled
def _label(data: Bytes, at: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where name and value of a label are; the name is empty when broken."""
    name, value = (at, at), (at, at)
    while at < end:
        number, start, stop, at = field_at(data, at, end)
        if at < 0:
            return (0, 0), (0, 0)
        if number == 1:
            name = (start, stop)
        elif number == 2:
            value = (start, stop)
    return name, value


@compiled
def _find(
    data: Bytes,
    labels: NDArray[np.int64],
    names: Bytes,
    ends: NDArray[np.int64],
    spans: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> bool:
    """Where the values of the wanted labels are, and how long the keys will be."""
    for series in range(len(labels)):
        sizes[series + 1] = 4 * (len(ends) - 1)
        at, end = labels[series, 0], labels[series, 1]
        while at < end:
            number, start, stop, at = field_at(data, at, end)
            if at < 0:
                return False
            if number != 1:
                continue
            name, value = _label(data, start, stop)
            if name[1] == name[0]:
                return False
            which = _position(data, name[0], name[1], names, ends)
            if which >= 0:
                spans[series, which, 0], spans[series, which, 1] = value[0], value[1]
                sizes[series + 1] += value[1] - value[0]
    return True


@compiled
def _position(data: Bytes, start: int, stop: int, names: Bytes, ends: NDArray[np.int64]) -> int:
    """Position of a name among the wanted ones, -1 when it is not wanted."""
    for which in range(len(ends) - 1):
        if ends[which + 1] - ends[which] != stop - start:
            continue
        same = True
        for i in range(stop - start):
            if data[start + i] != names[ends[which] + i]:
                same = False
                break
        if same:
            return which
    return -1


@compiled
def _copy(data: Bytes, spans: NDArray[np.int64], out: Bytes) -> None:
    """Lengths (four bytes, the lowest first) and bytes of all values, one after the other."""
    at = 0
    for series in range(spans.shape[0]):
        for which in range(spans.shape[1]):
            start, stop = spans[series, which, 0], spans[series, which, 1]
            size = stop - start
            for i in range(4):
                out[at + i] = size >> (8 * i) & 255
            at += 4
            out[at : at + size] = data[start:stop]
            at += size
