"""All samples of an entry, gathered piece by piece in little memory."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.assemble import Table

_Number = TypeVar("_Number", bound=np.generic)


def compact(table: Table) -> Table:
    """The same samples by series and time; each set of labels once, and only those with samples."""
    used, series = np.unique(table.series, return_inverse=True)
    labels = table.labels.iloc[used]
    if labels.duplicated().any():
        number = labels.groupby(list(labels.columns), sort=False).ngroup().to_numpy()
        labels, series = labels.drop_duplicates(), number.astype(np.int64)[series]
    order = np.lexsort((table.time, series))
    return Table(
        labels=labels.reset_index(drop=True),
        series=series[order].astype(np.int64),
        time=table.time[order],
        values=table.values[order],
        dropped=table.dropped,
        repaired=table.repaired,
    )


class Gathering:
    """The samples of one entry.

    Labels are kept once, however many pieces repeat them; samples take 16 bytes each.
    """

    def __init__(self) -> None:
        self._labels: _LabelSets | None = None
        self._series: list[NDArray[np.int32]] = []
        self._seconds: list[NDArray[np.uint32]] = []
        self._values: list[NDArray[np.float64]] = []
        self._dropped = 0
        self._moved = 0.0

    def add(self, table: Table) -> None:
        """Add the samples of a piece; no two pieces hold the same step of the same series."""
        self._dropped += table.dropped
        if not len(table.labels):
            return
        if self._labels is None:
            self._labels = _LabelSets(table.labels)
        self._series.append(self._labels.numbers(table.labels)[table.series])
        self._seconds.append((table.time // 1000).astype(np.uint32))
        self._values.append(table.values)
        self._moved += table.repaired * float(table.values.sum())

    def take(self) -> Table | None:
        """Everything as one table, which is then no longer kept here; None without any series."""
        if self._labels is None:
            return None
        labels, self._labels = self._labels.frame(), None
        values = _joined(self._values)
        seconds = _joined(self._seconds)
        total = float(values.sum())
        return Table(
            labels=labels,
            series=_joined(self._series).astype(np.int64),
            time=seconds.astype(np.int64) * 1000,
            values=values,
            dropped=self._dropped,
            repaired=self._moved / total if total else 0.0,
        )


def _joined(parts: list[NDArray[_Number]]) -> NDArray[_Number]:
    whole: NDArray[_Number] = np.concatenate(parts)
    parts.clear()
    return whole


class _LabelSets:
    """Distinct rows of labels, numbered as they come; texts are kept once, rows as codes."""

    def __init__(self, example: pd.DataFrame) -> None:
        self._types = example.dtypes
        self._codes: dict[str, dict[Hashable, int]] = {str(c): {} for c in example.columns}
        self._numbers: dict[bytes, int] = {}
        self._last: tuple[pd.DataFrame, NDArray[np.int32]] | None = None

    def numbers(self, labels: pd.DataFrame) -> NDArray[np.int32]:
        """The number of each row; rows that were never seen get the next ones."""
        if self._last is not None and self._last[0].equals(labels):
            return self._last[1]
        rows = np.empty((len(labels), len(self._codes)), dtype=np.int32)
        for i, (column, known) in enumerate(self._codes.items()):
            codes, distinct = pd.factorize(labels[column])
            own = [known.setdefault(value, len(known)) for value in distinct.tolist()]
            rows[:, i] = np.array(own, dtype=np.int32)[codes]
        whole: list[Any] = (
            rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel().tolist()
        )
        found = [self._numbers.setdefault(row, len(self._numbers)) for row in whole]
        self._last = labels, np.array(found, dtype=np.int32)
        return self._last[1]

    def frame(self) -> pd.DataFrame:
        """The rows in the order of their numbers."""
        flat = np.frombuffer(b"".join(self._numbers), dtype=np.int32)
        rows = flat.reshape(len(self._numbers), len(self._codes))
        columns = {
            column: pd.Series(list(known), dtype=self._types[column]).take(rows[:, i]).array
            for i, (column, known) in enumerate(self._codes.items())
        }
        return pd.DataFrame(columns)
