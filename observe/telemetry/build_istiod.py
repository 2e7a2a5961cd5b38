"""Tables about istiod to the frames `istiod`, `istiod_triggers` and `istiod_config`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from observe.telemetry.assemble import Table
from observe.telemetry.istiod_entries import COUNTED
from observe.telemetry.istiod_frames import ISTIOD, ISTIOD_CONFIG, ISTIOD_TRIGGERS

_ENTRIES = ("istiod-states", COUNTED, "istiod-times")
#: Errors that istiod counts from the first one on: until then their counter does not exist.
_MADE_LATE = ("push_errors", "push_timeouts", "rejects")
#: Ending of the types of `pilot_xds_pushes` that tell of pushes which failed.
_FAILED = "err"


def istiod(tables: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
    """The three frames by name; empty where istiod is not scraped.

    Args:
        tables: entry name → samples by cluster, `figure` and `type`.
    """
    parts = [
        tables[name].rows(("cluster", "figure", "type"), "value")
        for name in _ENTRIES
        if name in tables
    ]
    if not parts:
        return {spec.name: spec.empty() for spec in (ISTIOD, ISTIOD_TRIGGERS, ISTIOD_CONFIG)}
    texts = dict.fromkeys(("cluster", "figure", "type"), "str")
    rows = pd.concat([part.astype(texts) for part in parts], ignore_index=True)
    failed = (rows["figure"] == "pushes") & rows["type"].str.endswith(_FAILED)
    rows.loc[failed, "figure"] = "push_errors"
    return {
        ISTIOD.name: _by_cluster(rows),
        ISTIOD_TRIGGERS.name: _triggers(rows),
        ISTIOD_CONFIG.name: _config(rows),
    }


def _by_cluster(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a step and cluster; counts of all types are added up."""
    figures = [name for name in ISTIOD.columns if name not in ("time", "cluster")]
    chosen = rows[rows["figure"].isin(figures)]
    wide = chosen.pivot_table(
        index=["time", "cluster"], columns="figure", values="value", aggfunc="sum"
    )
    wide = wide.reindex(columns=pd.Index(figures))
    pushed = wide["pushes"].notna()
    for figure in _MADE_LATE:
        wide[figure] = wide[figure].where(wide[figure].notna() | ~pushed, 0.0)
    return ISTIOD.conform(wide.reset_index())


def _triggers(rows: pd.DataFrame) -> pd.DataFrame:
    chosen = rows[(rows["figure"] == "triggers") & (rows["value"] > 0)]
    named = chosen.rename(columns={"value": "triggers"})
    return ISTIOD_TRIGGERS.conform(named.sort_values(["time", "cluster", "type"]))


def _config(rows: pd.DataFrame) -> pd.DataFrame:
    """Types of xDS of which anything was pushed."""
    figures = ["pushes", "bytes_p99", "bytes_most"]
    chosen = rows[rows["figure"].isin(figures)]
    wide = chosen.pivot_table(index=["time", "cluster", "type"], columns="figure", values="value")
    wide = wide.reindex(columns=pd.Index(figures))
    wide = wide[(wide["pushes"] > 0) | wide["bytes_p99"].notna()]
    return ISTIOD_CONFIG.conform(wide.reset_index())
