"""Tables about containers to the frames `usage`, `resources` and `restarts`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.assemble import Table
from observe.telemetry.frame_spec import TIME
from observe.telemetry.resource_frames import CONTAINER_KEYS, RESOURCES, RESTARTS, USAGE

#: Catalogue entry → column of the frame `usage`.
USAGE_ENTRIES = {
    "usage-pods": "pods",
    "usage-cpu": "cpu_cores",
    "usage-busiest": "cpu_busiest",
    "usage-memory": "memory_busiest",
    "usage-throttled": "throttled",
}
_KEYS = list(CONTAINER_KEYS)
_SETTINGS = ("cpu_request", "cpu_limit", "memory_request", "memory_limit")


def usage(tables: Mapping[str, Table], fine_seconds: int) -> pd.DataFrame:
    """The frame `usage`; NaN where a series is absent or did not arrive.

    Args:
        tables: entry name → samples.
        fine_seconds: fine step.
    """
    found = {column: tables[name] for name, column in USAGE_ENTRIES.items() if name in tables}
    if not found:
        return USAGE.empty()
    labels = pd.concat([table.labels[_KEYS] for table in found.values()]).drop_duplicates()
    keys = labels.sort_values(_KEYS, ignore_index=True).reset_index(names="key")
    step, cells = fine_seconds * 1000, {}
    for column, table in found.items():
        own = table.labels[_KEYS].merge(keys, on=_KEYS, how="left")["key"].to_numpy()
        cells[column] = table.time // step * len(keys) + own[table.series]
    rows = np.unique(np.concatenate(list(cells.values())))
    frame = _categories(keys[_KEYS], rows % len(keys))
    starts = pd.to_datetime(rows // len(keys) * step, unit="ms", utc=True)
    frame.insert(0, "time", starts.astype(TIME))
    for column in USAGE_ENTRIES.values():
        values = np.full(len(rows), np.nan)
        if column in found:
            values[np.searchsorted(rows, cells[column])] = found[column].values
        frame[column] = values
    return USAGE.conform(frame)


def _categories(keys: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """The keys of some rows; texts as sorted categories, which cost little."""
    columns = {}
    for name in keys.columns:
        codes, known = pd.factorize(keys[name].astype("str"), sort=True)
        columns[name] = pd.Categorical.from_codes(codes[rows], categories=pd.Index(known))
    return pd.DataFrame(columns)


def resources(table: Table | None) -> pd.DataFrame:
    """The frame `resources`: what each container had in the last step in which it had anything.

    Args:
        table: settings by container, `resource` and `setting`.
    """
    if table is None:
        return RESOURCES.empty()
    rows = table.rows((*CONTAINER_KEYS, "resource", "setting"), "value")
    rows["column"] = rows["resource"].astype("str") + "_" + rows["setting"].astype("str")
    rows = rows.astype(dict.fromkeys(CONTAINER_KEYS, "str"))
    # A limit that was taken away is absent while the request goes on: rows are whole steps.
    wide = rows.pivot_table(index=[*_KEYS, "time"], columns="column", values="value")
    wide = wide.reindex(columns=pd.Index(_SETTINGS)).reset_index().sort_values([*_KEYS, "time"])
    last = wide.groupby(_KEYS, sort=False).tail(1)
    return RESOURCES.conform(last.drop(columns="time").merge(_changes(wide), on=_KEYS, how="left"))


def _changes(wide: pd.DataFrame) -> pd.DataFrame:
    """The step in which each container's settings were last seen to change.

    Args:
        wide: settings of each container and step, sorted.
    """
    values = wide[list(_SETTINGS)].fillna(-1.0)
    same = (wide[_KEYS] == wide[_KEYS].shift()).all(axis=1)
    changed = wide[same & (values != values.shift()).any(axis=1)]
    newest = changed.groupby(_KEYS, sort=False).tail(1)
    return newest[[*_KEYS, "time"]].rename(columns={"time": "changed_at"})


def restarts(table: Table | None) -> pd.DataFrame:
    """The frame `restarts`, in whole numbers: counters that are extrapolated are never whole.

    Args:
        table: counts by container and `event`.
    """
    if table is None:
        return RESTARTS.empty()
    rows = table.rows((*CONTAINER_KEYS, "event"), "value")
    rows = rows.astype(dict.fromkeys((*CONTAINER_KEYS, "event"), "str"))
    wide = rows.pivot_table(index=["time", *_KEYS], columns="event", values="value")
    counts = wide.reindex(columns=pd.Index(["restart", "killed", "oom"])).fillna(0.0).round()
    frame = pd.DataFrame(
        {"oom_kills": counts[["killed", "oom"]].max(axis=1), "restarts": counts["restart"]}
    )
    frame = frame[(frame > 0).any(axis=1)]
    return RESTARTS.conform(frame.reset_index())
