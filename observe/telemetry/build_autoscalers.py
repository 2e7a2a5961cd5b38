"""The table of autoscalers' figures to the frame `autoscalers`."""

from __future__ import annotations

import pandas as pd

from observe.telemetry.assemble import Table
from observe.telemetry.autoscaler_entries import LABELS
from observe.telemetry.resource_frames import AUTOSCALERS

_KEYS = ["cluster", "namespace", "autoscaler"]
_RENAMED = {
    "horizontalpodautoscaler": "autoscaler",
    "metric_name": "metric",
    "metric_target_type": "target_type",
    "scaletargetref_name": "workload",
}


def autoscalers(table: Table | None) -> pd.DataFrame:
    """The frame `autoscalers`, of those that there are in the last step with any.

    What is scaled is taken from the autoscaler's name where nothing tells it.

    Args:
        table: figures by autoscaler, in fine steps.
    """
    if table is None:
        return AUTOSCALERS.empty()
    rows = table.rows(LABELS, "value").rename(columns=_RENAMED)
    rows = rows.astype({name: "str" for name in rows.columns if name not in ("time", "value")})
    counts = rows[rows["figure"].isin(("current", "min", "max"))]
    wide = counts.pivot_table(index=[*_KEYS, "time"], columns="figure", values="value")
    wide = wide.reindex(columns=pd.Index(["current", "min", "max"])).reset_index()
    wide = wide[wide["current"].notna()]
    wide["at_max"] = (wide["current"] >= wide["max"]).astype("float64").where(wide["max"].notna())
    by = wide.sort_values([*_KEYS, "time"]).groupby(_KEYS, sort=True)
    frame = pd.DataFrame(
        {
            "min_replicas": by["min"].last(),
            "max_replicas": by["max"].last(),
            "replicas": by["current"].last(),
            "most_replicas": by["current"].max(),
            "share_at_max": by["at_max"].mean(),
        }
    ).reset_index()
    frame = frame.merge(_last(rows, "info", ["workload"]), on=_KEYS, how="left")
    frame["workload"] = frame["workload"].fillna(frame["autoscaler"])
    targets = _last(rows, "target", ["metric", "target_type", "value"])
    frame = frame.merge(targets.rename(columns={"value": "target"}), on=_KEYS, how="left")
    named = ["metric", "target_type"]
    frame[named] = frame[named].fillna("")
    return AUTOSCALERS.conform(frame.sort_values([*_KEYS, *named]))


def _last(rows: pd.DataFrame, figure: str, columns: list[str]) -> pd.DataFrame:
    """Rows of a figure in the last step in which its autoscaler had any."""
    chosen = rows[rows["figure"] == figure]
    newest = chosen.groupby(_KEYS)["time"].transform("max")
    return chosen.loc[chosen["time"] == newest, [*_KEYS, *columns]]
