"""Tables of Envoy's statistics to the frame `envoy`.

Zeros are not asked for: a proxy knows every service of the mesh and calls few of them. They are
put back where they say something: beside another statistic of the same upstream, and for calls
that there were. A statistic that a workload does not expose is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from observe.telemetry.assemble import Table
from observe.telemetry.envoy_entries import (
    CLUSTER_LABELS,
    COUNTERS,
    EXPOSED,
    STATISTICS,
    column_of,
)
from observe.telemetry.frames import ENVOY
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.upstreams import UPSTREAM, upstreams

_CLIENT = ["cluster", "namespace", "workload"]
_KEYS = ["time", *_CLIENT, *UPSTREAM]


def envoy(
    tables: Mapping[str, Table],
    edges: pd.DataFrame,
    requests: pd.DataFrame,
    coarse_seconds: int,
    gaps: Iterable[MissingPiece] = (),
) -> pd.DataFrame:
    """The frame `envoy`.

    Args:
        tables: entry name → samples.
        edges: the frame `edges`.
        requests: the frame `requests`.
        coarse_seconds: coarse step.
        gaps: pieces that did not arrive; the statistic is NaN there.
    """
    found = {name: tables[name] for name in STATISTICS if name in tables}
    shown = _exposed(tables.get(EXPOSED), edges)
    if not found and shown.empty:
        return ENVOY.empty()
    wide = _wide({name: _placed(_rows(table), edges) for name, table in found.items()})
    if not shown.empty:
        wide = _with_calls(wide, _calls(edges, requests, coarse_seconds), shown)
        wide = _with_zeros(wide, shown)
    for gap in gaps:
        if gap.query in STATISTICS:
            inside = (wide["time"] >= gap.start) & (wide["time"] < gap.end)
            wide.loc[inside, column_of(gap.query)] = np.nan
    columns = [column_of(name) for name in STATISTICS]
    wide = wide[wide[columns].notna().any(axis=1)]
    return ENVOY.conform(wide.sort_values(_KEYS))


def _rows(table: Table) -> pd.DataFrame:
    """Samples by client workload and upstream; those of other clusters of Envoy are left out."""
    rows = table.rows(CLUSTER_LABELS, "value")
    rows = rows.astype(dict.fromkeys(CLUSTER_LABELS, "str"))
    known = upstreams(rows["cluster_name"])
    rows = rows.merge(known, on="cluster_name", how="inner")
    return rows[rows["workload"] != ""].drop(columns="cluster_name")


def _placed(rows: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """The rows with the cluster that the workload's requests tell, where they carry none."""
    if not (rows["cluster"] == "").any():
        return rows
    clients = edges.loc[edges["reporter"] != "destination"]
    clients = clients.rename(columns={"source_namespace": "namespace"})
    clients = clients.rename(columns={"source_workload": "workload"})
    known = clients[_CLIENT].drop_duplicates()
    known = known[~known.duplicated(["namespace", "workload"], keep=False)]
    told = rows.merge(known, on=["namespace", "workload"], how="left", suffixes=("", "_told"))
    cluster = told["cluster"].where(told["cluster"] != "", told["cluster_told"]).fillna("")
    return told.assign(cluster=cluster).drop(columns="cluster_told")


def _wide(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a step, client and upstream, one column a statistic; NaN where there is no sample."""
    merged = pd.DataFrame({c: pd.Series(dtype=ENVOY.columns[c]) for c in _KEYS})
    for name, rows in found.items():
        # Two names of one upstream: a counter counts on, a gauge is as high as the higher one.
        grouped = rows.groupby(_KEYS, sort=False, observed=True)["value"]
        values = grouped.sum() if name in COUNTERS else grouped.max()
        merged = merged.merge(values.rename(column_of(name)).reset_index(), on=_KEYS, how="outer")
    return merged.reindex(columns=list(ENVOY.columns))


def _exposed(table: Table | None, edges: pd.DataFrame) -> pd.DataFrame:
    """Step, client workload and, in `columns`, which statistics its proxies show in it."""
    if table is None:
        return pd.DataFrame(columns=["time", *_CLIENT])
    rows = table.rows((*_CLIENT, "statistic"), "value")
    rows = _placed(rows.astype(dict.fromkeys([*_CLIENT, "statistic"], "str")), edges)
    rows = rows.assign(shown=True, statistic=rows["statistic"].map(column_of))
    wide = rows.pivot_table(
        index=["time", *_CLIENT], columns="statistic", values="shown", aggfunc="any"
    )
    columns = [column_of(name) for name in STATISTICS]
    return wide.reindex(columns=columns).notna().reset_index()


def _calls(edges: pd.DataFrame, requests: pd.DataFrame, coarse_seconds: int) -> pd.DataFrame:
    """Step, client workload and service of all calls that the clients' proxies counted."""
    clients = edges.loc[edges["reporter"] != "destination"]
    called = requests.loc[requests["requests"] > 0, ["time", "edge"]]
    called = called.assign(time=called["time"].dt.floor(f"{coarse_seconds}s")).drop_duplicates()
    named = called.merge(clients, on="edge", how="inner")
    named = named.rename(columns={"source_namespace": "namespace", "source_workload": "workload"})
    return named[["time", *_CLIENT, "destination_service"]].drop_duplicates()


def _with_calls(wide: pd.DataFrame, calls: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Also rows of calls of which every statistic stayed at zero.

    Port and subset are those that the client uses for this service, "" when there are several.
    """
    pair = [*_CLIENT, "destination_service"]
    calls = calls.merge(shown[["time", *_CLIENT]], on=["time", *_CLIENT], how="inner")
    missing = calls.merge(
        wide[["time", *pair]].drop_duplicates(), on=["time", *pair], how="left", indicator=True
    )
    missing = missing[missing["_merge"] == "left_only"].drop(columns="_merge")
    ports = wide[[*_CLIENT, *UPSTREAM]].drop_duplicates()
    ports = ports[~ports.duplicated(pair, keep=False)]
    filled = missing.merge(ports, on=pair, how="left").fillna({"port": "", "subset": ""})
    if filled.empty:
        return wide
    rows = filled.reindex(columns=list(ENVOY.columns)).astype(ENVOY.columns)
    return pd.concat([wide.astype(ENVOY.columns), rows], ignore_index=True)


def _with_zeros(wide: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Zero where a statistic is exposed and nothing was counted."""
    names = [column_of(name) for name in STATISTICS]
    known = wide[["time", *_CLIENT]].merge(shown, on=["time", *_CLIENT], how="left")
    for name in names:
        there = known[name].eq(True).to_numpy()
        wide[name] = wide[name].where(wide[name].notna() | ~there, 0.0)
    return wide
