"""Tables of catalogue entries to the frames of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from observe.telemetry.assemble import Table, number_edges, sorted_categories, with_edges
from observe.telemetry.catalogue import CONTAINER_LABELS
from observe.telemetry.frames import (
    CONTAINERS,
    EDGES,
    LATENCY,
    LATENCY_SUM,
    MESSAGES,
    OUTCOME_COLUMNS,
    REQUESTS,
    FrameSpec,
)
from observe.telemetry.manifest import MissingPiece

#: Catalogue entry → column of the frame `containers`.
CONTAINER_ENTRIES = {
    "pods": "pods",
    "cpu": "cpu_cores",
    "cpu-throttled": "cpu_throttled",
    "memory": "memory_bytes",
}


def numbered(tables: Mapping[str, Table]) -> tuple[pd.DataFrame, dict[str, Table]]:
    """The frame `edges`, and the tables that speak of edges with their numbers."""
    of_edges = {name: t for name, t in tables.items() if "reporter" in t.labels}
    if not of_edges:
        return EDGES.empty(), {}
    edges = number_edges(list(of_edges.values()))
    return edges, {name: with_edges(t, edges) for name, t in of_edges.items()}


def requests(table: Table | None) -> pd.DataFrame:
    """The frame `requests`."""
    return _rows(REQUESTS, table, ("edge", *OUTCOME_COLUMNS))


def latency(table: Table | None) -> pd.DataFrame:
    """The frame `latency`."""
    return _rows(LATENCY, table, ("edge", *OUTCOME_COLUMNS, "gt", "le"))


def latency_sum(
    total: Table | None, count: Table | None, gaps: Iterable[MissingPiece] = ()
) -> pd.DataFrame:
    """The frame `latency_sum`; a row needs both the sum and the count.

    Args:
        total: sums of durations.
        count: numbers of requests.
        gaps: spans in which sums were asked for and did not arrive; no row is in one.
    """
    if total is None or count is None:
        return LATENCY_SUM.empty()
    columns = ("edge", *OUTCOME_COLUMNS)
    sums, counts = total.rows(columns, "sum_ms"), count.rows(columns, "requests")
    for column in OUTCOME_COLUMNS:  # frames are merged far quicker by categories than by texts
        both = sums[column].cat.categories.union(counts[column].cat.categories)
        sums[column] = sums[column].cat.set_categories(both)
        counts[column] = counts[column].cat.set_categories(both)
    for gap in gaps:
        counts = counts[(counts["time"] < gap.start) | (counts["time"] >= gap.end)]
    # Durations below half a millisecond are recorded as 0: a count without a sum is fine.
    merged = counts.merge(sums, on=["time", *columns], how="left").fillna({"sum_ms": 0.0})
    return sorted_categories(LATENCY_SUM.conform(merged))


def messages(table: Table | None) -> pd.DataFrame:
    """The frame `messages`: one row per edge with messages in either direction."""
    if table is None:
        return MESSAGES.empty()
    rows = table.rows(("edge", "direction"), "messages")
    wide = rows.pivot_table(
        index="edge", columns="direction", values="messages", aggfunc="sum", observed=True
    )
    wide = wide.reindex(columns=["request", "response"]).fillna(0.0)
    wide.columns = pd.Index(["request_messages", "response_messages"])
    return MESSAGES.conform(wide.reset_index())


def containers(tables: Mapping[str, Table | None]) -> pd.DataFrame:
    """The frame `containers`; NaN where one of the four series is absent."""
    keys = ["time", *CONTAINER_LABELS]
    merged: pd.DataFrame | None = None
    for name, column in CONTAINER_ENTRIES.items():
        table = tables.get(name)
        if table is None:
            continue
        rows = table.rows(CONTAINER_LABELS, column).astype(dict.fromkeys(CONTAINER_LABELS, "str"))
        merged = rows if merged is None else merged.merge(rows, on=keys, how="outer")
    if merged is None:
        return CONTAINERS.empty()
    whole = merged.reindex(columns=list(CONTAINERS.columns))
    return CONTAINERS.conform(whole.sort_values(keys))


def _rows(spec: FrameSpec, table: Table | None, columns: tuple[str, ...]) -> pd.DataFrame:
    if table is None:
        return spec.empty()
    return sorted_categories(spec.conform(table.rows(columns, "requests")))
