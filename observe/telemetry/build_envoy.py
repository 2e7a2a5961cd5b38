"""Tables of Envoy's statistics to the frame `envoy`.

Zeros are not asked for: a proxy knows every service of the mesh and calls few of them. They are
put back where they say something: beside another statistic of the same upstream, and for calls
that there were. A statistic that a workload does not expose is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.assemble import Table
from observe.telemetry.envoy_entries import COUNTERS, EXPOSED, STATISTICS, column_of
from observe.telemetry.envoy_keys import Keys, client_numbers, keys_of
from observe.telemetry.frames import ENVOY, TIME
from observe.telemetry.manifest import MissingPiece

Numbers = NDArray[np.int64]
_NAMES = list(STATISTICS)
#: Numbers are told apart in a table of flags if it has at most so many for each of them.
_DENSE = 64


def envoy(
    tables: Mapping[str, Table],
    edges: pd.DataFrame,
    requests: pd.DataFrame,
    coarse_seconds: int,
    gaps: Iterable[MissingPiece] = (),
    asked: Collection[str] = STATISTICS,
) -> pd.DataFrame:
    """The frame `envoy`.

    Args:
        tables: entry name → samples.
        edges: the frame `edges`.
        requests: the frame `requests`.
        coarse_seconds: coarse step.
        gaps: pieces that did not arrive; the statistic is NaN there.
        asked: entries that were asked for; the statistics of others are NaN.
    """
    found = {name: tables[name] for name in _NAMES if name in tables}
    keys = keys_of(found, edges)
    step_ms = coarse_seconds * 1000
    # A row is a step and a key, as one number.
    cells = {
        name: np.where(keys.of[name][t.series] >= 0, t.time // step_ms * keys.count, -1)
        + np.maximum(keys.of[name][t.series], 0)
        for name, t in found.items()
    }
    shown = _Shown(tables.get(EXPOSED), edges, keys, step_ms)
    counted = [cell[cell >= 0] for cell in cells.values()]
    counted.append(_silent_calls(_distinct(_joined(counted)), keys, requests, step_ms, shown))
    rows = _distinct(_joined(counted))
    values = np.full((len(rows), len(_NAMES)), np.nan)
    for name, table in found.items():
        _fill(values[:, _NAMES.index(name)], rows, cells[name], table.values, name in COUNTERS)
    steps, key = rows // max(1, keys.count), rows % max(1, keys.count)
    known = np.array([name in asked for name in _NAMES])
    values[np.isnan(values) & shown.at(steps, key) & known] = 0.0
    frame = keys.labels.iloc[key].reset_index(drop=True)
    starts = pd.to_datetime(steps * step_ms, unit="ms", utc=True).astype(TIME)
    frame.insert(0, "time", starts)
    frame[[column_of(name) for name in _NAMES]] = values
    return ENVOY.conform(_sorted(_without(frame, gaps)))


def _distinct(numbers: Numbers) -> Numbers:
    """Each number once, ascending; quicker than sorting, as they lie close to one another."""
    if not len(numbers):
        return numbers
    first, last = int(numbers.min()), int(numbers.max())
    if last - first > _DENSE * len(numbers):
        return np.unique(numbers)
    there = np.zeros(last - first + 1, dtype=np.bool_)
    there[numbers - first] = True
    return np.flatnonzero(there).astype(np.int64) + first


def _joined(parts: list[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _fill(
    column: NDArray[np.float64],
    rows: Numbers,
    cells: Numbers,
    values: NDArray[np.float64],
    add: bool,
) -> None:
    """Put values in place; of two names of one upstream they are added up, or the higher counts."""
    useful = cells >= 0
    at = np.searchsorted(rows, cells[useful])
    column[at] = 0.0
    (np.add if add else np.maximum).at(column, at, values[useful])


class _Shown:
    """Which statistics the proxies of a workload show in a step.

    Args:
        table: number of proxies that show one, by client workload; None where it is not known.
        edges: the frame `edges`.
        keys: the clients.
        step_ms: milliseconds of a step.
    """

    def __init__(self, table: Table | None, edges: pd.DataFrame, keys: Keys, step_ms: int) -> None:
        self._client = keys.client
        steps = np.zeros(0, dtype=np.int64) if table is None else table.time // step_ms
        self._first = int(steps.min()) if len(steps) else 0
        length = int(steps.max()) - self._first + 1 if len(steps) else 0
        self._there = np.zeros((length, keys.clients, len(_NAMES)), dtype=np.bool_)
        if table is None or not len(steps):
            return
        client = client_numbers(table.labels, edges, keys)[table.series]
        which = table.labels["statistic"].map({n: i for i, n in enumerate(_NAMES)}).fillna(-1)
        statistic = which.to_numpy(dtype=np.int64)[table.series]
        ours = (client >= 0) & (statistic >= 0)
        self._there[steps[ours] - self._first, client[ours], statistic[ours]] = True

    def at(self, steps: Numbers, key: Numbers) -> NDArray[np.bool_]:
        """One row a step and key, one column a statistic."""
        at = steps - self._first
        inside = (at >= 0) & (at < len(self._there))
        found = np.zeros((len(steps), len(_NAMES)), dtype=np.bool_)
        found[inside] = self._there[at[inside], self._client[key[inside]]]
        return found


def _silent_calls(
    rows: Numbers, keys: Keys, requests: pd.DataFrame, step_ms: int, shown: _Shown
) -> Numbers:
    """Rows of calls that clients' proxies counted, and of which every statistic stayed at zero."""
    if not keys.count:
        return rows[:0]
    called = requests[requests["requests"] > 0]
    own = keys.of_edge[called["edge"].to_numpy()]
    step = called["time"].astype("datetime64[ms, UTC]").astype("int64").to_numpy() // step_ms
    cells = _distinct((step * keys.count + own)[own >= 0])
    pairs = len(keys.labels) + 1
    told = _distinct(rows // keys.count * pairs + keys.pair[rows % keys.count])
    new = ~np.isin(cells // keys.count * pairs + keys.pair[cells % keys.count], told)
    cells = cells[new]
    return cells[shown.at(cells // keys.count, cells % keys.count).any(axis=1)]


def _without(frame: pd.DataFrame, gaps: Iterable[MissingPiece]) -> pd.DataFrame:
    """NaN where a statistic did not arrive; no row where nothing is known."""
    columns = [column_of(name) for name in _NAMES]
    for gap in gaps:
        if gap.query in STATISTICS:
            inside = (frame["time"] >= gap.start) & (frame["time"] < gap.end)
            frame.loc[inside, column_of(gap.query)] = np.nan
    return frame[frame[columns].notna().any(axis=1)]


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """By time, then by the texts: rows have their keys' order already."""
    return frame.sort_values("time", kind="stable")
