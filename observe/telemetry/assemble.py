"""Answers to tidy frames: edges get numbers, labels become columns, buckets plain counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.buckets import lower_bounds, parse_bound, plain_counts
from observe.telemetry.catalogue import OUTCOME_LABELS
from observe.telemetry.decode import QueryResult
from observe.telemetry.frames import EDGE_KEYS, EDGES, OUTCOME_COLUMNS, TIME
from observe.telemetry.host_entries import HOST, PROXY_LABELS
from observe.telemetry.pieces import Piece

_RENAMED = {
    "source_workload_namespace": "source_namespace",
    "destination_workload_namespace": "destination_namespace",
    "request_protocol": "protocol",
} | dict(zip(OUTCOME_LABELS, OUTCOME_COLUMNS, strict=True))
_RENAMED |= dict.fromkeys(PROXY_LABELS, HOST)

#: Samples are sorted in a table of all steps and keys if it has at most so many cells for each.
_CELLS_A_SAMPLE = 8


@dataclass(frozen=True)
class Table:
    """Samples of one entry over the whole window: S series, N samples.

    Attributes:
        labels: one row a series (S), columns named as in the frames.
        series: row in `labels` of each sample (N).
        time: start of each sample's step (N), ms since the epoch.
        values: finite values (N).
        dropped: samples that were NaN or infinite and are left out.
        repaired: share of requests that were moved to make buckets monotone.
    """

    labels: pd.DataFrame
    series: NDArray[np.int64]
    time: NDArray[np.int64]
    values: NDArray[np.float64]
    dropped: int = 0
    repaired: float = 0.0

    def rows(self, columns: Sequence[str], value: str) -> pd.DataFrame:
        """Tidy rows: `time`, the named label columns, the value; equal keys are summed.

        Sorted by time, then by the label columns.
        """
        rank, distinct = _ranked(self.labels[list(columns)])
        time, key, values = _by_time(self.time, rank[self.series], self.values, len(distinct))
        starting = pd.to_datetime(time, unit="ms", utc=True).astype(TIME)
        frame = pd.DataFrame({"time": starting})
        for column in columns:
            frame[column] = _taken(distinct[column], key)
        frame[value] = values
        return frame


def join(tables: Sequence[Table]) -> Table | None:
    """The tables of one entry as one; None when there are no series at all."""
    parts = [part for part in tables if len(part.labels)]
    if not parts:
        return None
    offsets = np.cumsum([0, *(len(part.labels) for part in parts[:-1])])
    volume = [float(part.values.sum()) for part in parts]
    moved = sum(p.repaired * v for p, v in zip(parts, volume, strict=True))
    return Table(
        labels=pd.concat([part.labels for part in parts], ignore_index=True),
        series=np.concatenate([p.series + o for p, o in zip(parts, offsets, strict=True)]),
        time=np.concatenate([part.time for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        dropped=sum(part.dropped for part in parts),
        repaired=moved / sum(volume) if sum(volume) else 0.0,
    )


def tabulate(piece: Piece, result: QueryResult) -> Table:
    """The answer to a piece as a table: finite values, buckets as plain counts."""
    labels = result.label_frame([*piece.entry.by, *_extra_labels(result, piece)])
    first, step = _ms(piece.first_evaluation.timestamp()), piece.step * 1000
    grid = result.dense(first, step, piece.steps)
    dropped = int((~np.isfinite(result.values)).sum())
    grid[~np.isfinite(grid)] = np.nan
    repaired = 0.0
    if "le" in labels:
        bounds = labels["le"].map(parse_bound).to_numpy(dtype="float64")
        usable = np.flatnonzero(~np.isnan(bounds))
        labels, grid, bounds = labels.iloc[usable], grid[usable], bounds[usable]
        histogram = labels.groupby(list(labels.columns.drop("le")), sort=False).ngroup().tolist()
        grid, repaired = plain_counts(histogram, bounds, np.nan_to_num(grid))
        labels = labels.assign(gt=lower_bounds(histogram, bounds), le=bounds)
    series, at = np.nonzero(grid > 0 if piece.entry.positive else ~np.isnan(grid))
    return Table(
        labels=with_cluster(labels).rename(columns=_RENAMED).reset_index(drop=True),
        series=series,
        time=_ms(piece.start.timestamp()) + at * step,
        values=grid[series, at],
        dropped=dropped,
        repaired=repaired,
    )


def with_cluster(labels: pd.DataFrame) -> pd.DataFrame:
    """The labels with one `cluster` instead of the three that may tell it.

    The label `cluster` (which the scraping Prometheus adds) decides; else the side that reports
    says where it is. "unknown" counts as not told.
    """
    if "destination_cluster" not in labels:
        return labels
    told = labels["cluster"].where(~labels["cluster"].isin(("", "unknown")))
    own = labels["destination_cluster"]  # without a reporter it is the servers' proxies that speak
    if "source_cluster" in labels:
        own = labels["source_cluster"].where(labels["reporter"] == "source", own)
    own = own.where(own != "unknown", "")
    return labels.assign(cluster=told.fillna(own)).drop(
        columns=["source_cluster", "destination_cluster"], errors="ignore"
    )


def number_edges(tables: Sequence[Table]) -> pd.DataFrame:
    """The frame `edges`: every edge of these tables once, numbered in sorted order."""
    keys = list(EDGE_KEYS)
    found = pd.concat([t.labels[keys] for t in tables], ignore_index=True)
    edges = found.drop_duplicates().sort_values(keys, ignore_index=True)
    edges.insert(0, "edge", np.arange(len(edges), dtype=np.int32))
    return EDGES.conform(edges)


def with_edges(data: Table, edges: pd.DataFrame) -> Table:
    """The table with a label column `edge` in place of the columns that make one."""
    merged = data.labels.merge(edges, on=list(EDGE_KEYS), how="left", validate="many_to_one")
    labels = merged.drop(columns=list(EDGE_KEYS))
    return Table(labels, data.series, data.time, data.values, data.dropped, data.repaired)


def sorted_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with only those categories that occur, sorted: the same rows, the same bytes."""
    for column in (name for name in OUTCOME_COLUMNS if name in frame.columns):
        known = list(frame[column].cat.categories)
        used = np.bincount(frame[column].cat.codes, minlength=len(known)) > 0
        if not used.all() or known != sorted(known):
            there = sorted(name for name, is_used in zip(known, used, strict=True) if is_used)
            frame[column] = frame[column].cat.set_categories(there)
    return frame


def _extra_labels(result: QueryResult, piece: Piece) -> list[str]:
    """Labels that a query adds to those it groups by."""
    added = {name for labels in result.labels for name in labels} - set(piece.entry.by)
    return sorted(added & {"direction"})


def _ranked(keys: pd.DataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Place of each row's key among the distinct keys in sorted order, and these keys."""
    columns = list(keys.columns)
    rank = keys.groupby(columns, sort=True, observed=True).ngroup().to_numpy().astype(np.int64)
    distinct = keys.drop_duplicates().sort_values(columns, ignore_index=True)
    return rank, distinct


def _by_time(
    time: NDArray[np.int64], key: NDArray[np.int64], values: NDArray[np.float64], keys: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Samples by time and key, those with the same added up; `key` is below `keys`."""
    if not len(time):
        return time, key, values
    first, last = int(time.min()), int(time.max())
    step = int(np.gcd.reduce(time - first)) or 1
    cell = (time - first) // step * keys + key
    cells = ((last - first) // step + 1) * keys
    if cells <= _CELLS_A_SAMPLE * len(time):  # dense enough for a table, which needs no sorting
        filled = np.zeros(cells, dtype=np.bool_)
        filled[cell] = True
        at = np.flatnonzero(filled)
        total = np.bincount(cell, weights=values, minlength=cells)[at]
    else:
        at, place = np.unique(cell, return_inverse=True)
        total = np.bincount(place, weights=values)
    at = at.astype(np.int64)
    return first + at // keys * step, at % keys, total.astype(np.float64)


def _taken(column: pd.Series, rows: NDArray[np.int64]) -> pd.Series:
    """A column of the label table for each sample; texts as categories, which costs little."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.Series(column.to_numpy()[rows])
    codes, values = pd.factorize(column, sort=True)
    return pd.Series(pd.Categorical.from_codes(codes[rows], categories=pd.Index(values)))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
