"""Tables about single proxies to the frames `proxies`, `hosts` and `host_errors`.

Where one of the pieces did not arrive nothing is said at all: hosts without their errors would
seem to be healthy, and some of the proxies would seem to be all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from observe.telemetry.assemble import Table, sorted_categories
from observe.telemetry.frames import HOST_ERRORS, HOST_KEYS, HOSTS, PROXIES, FrameSpec
from observe.telemetry.host_entries import HOST
from observe.telemetry.manifest import MissingPiece

_OUTCOME = ("code", "grpc_status")


def proxies(table: Table | None, gaps: Iterable[MissingPiece] = ()) -> pd.DataFrame:
    """The frame `proxies`.

    Args:
        table: requests by edge and proxy; labels hold `edge` and `host`.
        gaps: pieces of the entry that did not arrive.
    """
    if table is None:
        return PROXIES.empty()
    rows = outside(table.rows(("edge", HOST), "requests"), _of(gaps, "proxies"))
    # Series that carry no such label are a sum over proxies: how many is not known.
    unknown = rows.loc[rows[HOST].astype("str") == "", ["time", "edge"]].drop_duplicates()
    if len(unknown):
        known = rows.merge(unknown, on=["time", "edge"], how="left", indicator=True)
        rows = known[known["_merge"] == "left_only"]
    by_step = rows.groupby(["time", "edge"], sort=True)["requests"].agg(["count", "max", "sum"])
    frame = by_step.reset_index().rename(columns={"count": "proxies"})
    return PROXIES.conform(frame.assign(busiest_share=frame["max"] / frame["sum"]))


def hosts(table: Table | None, gaps: Iterable[MissingPiece] = ()) -> pd.DataFrame:
    """The frame `hosts`.

    Args:
        table: requests by service and host.
        gaps: pieces of this entry and of `host-errors` that did not arrive.
    """
    return _hosts(HOSTS, table, HOST_KEYS, gaps)


def host_errors(table: Table | None, gaps: Iterable[MissingPiece] = ()) -> pd.DataFrame:
    """The frame `host_errors`.

    Args:
        table: failed requests by service, host and outcome.
        gaps: pieces of this entry and of `hosts` that did not arrive.
    """
    return _hosts(HOST_ERRORS, table, (*HOST_KEYS, *_OUTCOME), gaps)


def outside(frame: pd.DataFrame, gaps: Iterable[MissingPiece]) -> pd.DataFrame:
    """The rows whose time is in none of the gaps.

    Args:
        frame: rows with a `time`.
        gaps: spans of whole steps.
    """
    for gap in gaps:
        frame = frame[(frame["time"] < gap.start) | (frame["time"] >= gap.end)]
    return frame


def _hosts(
    spec: FrameSpec, table: Table | None, columns: tuple[str, ...], gaps: Iterable[MissingPiece]
) -> pd.DataFrame:
    if table is None:
        return spec.empty()
    rows = outside(table.rows(columns, "requests"), _of(gaps, "hosts", "host-errors"))
    rows = rows[rows[HOST].astype("str") != ""]
    return sorted_categories(spec.conform(rows))


def _of(gaps: Iterable[MissingPiece], *entries: str) -> list[MissingPiece]:
    return [gap for gap in gaps if gap.query in entries]
