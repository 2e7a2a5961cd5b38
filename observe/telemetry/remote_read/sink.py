"""One aggregation that is fed with series as they arrive, and its groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from observe.telemetry.remote_read import sums, windows
from observe.telemetry.remote_read.frames import Batch
from observe.telemetry.remote_read.labels import Wanted, all_labels
from observe.telemetry.remote_read.recipes import Part, Rename
from observe.telemetry.remote_read.semantics import Semantics
from observe.telemetry.remote_read.sums import Ends, Grid, Values

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """Results: G groups at T steps.

    Attributes:
        labels: values of the labels that were grouped by (G).
        cells: results (G, T); see :func:`observe.telemetry.remote_read.sums.is_absent`.
    """

    labels: list[Labels]
    cells: Values


class Sink:
    """Aggregates one part of a recipe.

    Args:
        part: what is computed.
        by: labels to group by.
        ends: ends of the ranges.
        semantics: how the server evaluates.
        replica_labels: labels that tell copies of the same series apart.
    """

    def __init__(
        self,
        part: Part,
        by: Sequence[str],
        ends: Ends,
        semantics: Semantics,
        replica_labels: Sequence[str] = (),
    ) -> None:
        self._part, self._by, self._ends, self._semantics = part, tuple(by), ends, semantics
        self._replicas = frozenset(replica_labels) if part.copies else frozenset()
        self._wanted = Wanted(sorted({*by, *(rename.source for rename in part.renames)}))
        self._groups: dict[Labels, int] = {}
        self._known: dict[object, int] = {}
        self._inner: list[int] = []
        self._results = Grid(ends.count)
        self._copies = Grid(ends.count)
        self._born = Grid(ends.count)
        self._born_copies = Grid(ends.count)
        self._recorded = np.zeros(ends.count, dtype=np.bool_)

    def add(self, batch: Batch) -> None:
        """Take in whole series."""
        rows = np.array(self._rows_of(batch), dtype=np.int64)
        if not rows.size:
            return
        many = int(rows.max()) + 1
        aggregate = sums.SUM if self._replicas else self._part.aggregate
        where = (self._ends, self._semantics)
        function = self._part.function
        sums.add(batch, rows, self._results.cells(many), function, aggregate, *where)
        if self._replicas:
            cells = self._copies.cells(many)
            sums.add(batch, rows, cells, function, sums.NUMBER, *where)
        if self._part.first_values:
            cells = self._born.cells(many)
            sums.add(batch, rows, cells, windows.FIRST, sums.SUM, *where)
            if not self._part.recorded:
                self.mark(batch)
            if self._replicas:
                cells = self._born_copies.cells(many)
                sums.add(batch, rows, cells, windows.FIRST, sums.NUMBER, *where)

    def mark(self, batch: Batch) -> None:
        """Note before which steps anything was recorded: these series, or others in their place."""
        sums.mark_recorded(batch, self._recorded, self._ends, self._semantics)

    def finish(self) -> Rows:
        """The results of all series that were taken in."""
        cells = self._whole(self._results, self._copies, self._part.aggregate)
        if self._part.first_values:
            born = self._whole(self._born, self._born_copies, sums.SUM)
            sums.forget(born, ~self._recorded)
            sums.aggregate_rows(born, np.arange(len(cells)), cells, sums.SUM)
        return Rows(list(self._groups), cells)

    def _whole(self, results: Grid, copies: Grid, aggregate: int) -> Values:
        """One row a group; the mean of copies where there are several."""
        if not self._replicas:
            return results.cells(len(self._groups))[: len(self._groups)]
        many = len(self._inner)
        means = sums.divided(results.cells(many)[:many], copies.cells(many)[:many])
        cells = Grid(self._ends.count).cells(len(self._groups))[: len(self._groups)]
        sums.aggregate_rows(means, np.array(self._inner, dtype=np.int64), cells, aggregate)
        return cells

    def _rows_of(self, batch: Batch) -> list[int]:
        """Row of each series in the grids: of its group, or of what its copies are one of."""
        if self._replicas:
            return [self._row_of_copies(batch, i) for i in range(len(batch.labels))]
        rows = []
        for key in self._wanted.keys(batch):
            row = self._known.get(key)
            if row is None:
                values = dict(zip(self._wanted.names, self._wanted.values(key), strict=True))
                row = self._known[key] = self._group(values)
            rows.append(row)
        return rows

    def _row_of_copies(self, batch: Batch, series: int) -> int:
        labels = all_labels(batch, series)
        own = {k: v for k, v in labels.items() if k not in self._replicas and k != "__name__"}
        key = tuple(sorted(own.items()))
        row = self._known.get(key)
        if row is None:
            row = self._known[key] = len(self._inner)
            self._inner.append(self._group(own))
        return row

    def _group(self, labels: dict[str, str]) -> int:
        for rename in self._part.renames:
            renamed(labels, rename)
        key = tuple(labels.get(name, "") for name in self._by)
        return self._groups.setdefault(key, len(self._groups))


def renamed(labels: dict[str, str], rename: Rename) -> None:
    """Apply `label_replace(..., target, "$1", source, pattern)` in place."""
    found = re.fullmatch(rename.pattern, labels.get(rename.source, ""))
    if found:
        labels[rename.target] = found.group(1)
