"""The golden signals: latency, traffic, errors and saturation.

Per service, workload or edge, over the window, per coarse step or per hour of the week.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from observe.errors import InputError
from observe.signals.latency import common_bounds
from observe.signals.outcomes import FAILURES, Outcome, outcome_of
from observe.signals.targets import edges_with_target
from observe.stats.histogram import Histogram
from observe.stats.quantile import quantiles
from observe.telemetry.snapshot import Snapshot

By = Literal["service", "workload", "edge"]
Every = Literal["window", "step", "hour_of_week"]

_SERVICE = ["cluster", "destination_service_namespace", "destination_service"]
_WORKLOAD = ["cluster", "destination_namespace", "destination_workload"]
_EDGE = ["cluster", "source_namespace", "source_workload", *_SERVICE[1:]]
KEYS: dict[str, list[str]] = {"service": _SERVICE, "workload": _WORKLOAD, "edge": _EDGE}
NAMES = {"destination_service_namespace": "namespace", "destination_service": "service"}
WORKLOAD_NAMES = {"destination_namespace": "namespace", "destination_workload": "workload"}

LEVELS = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "p999_ms": 0.999}
_NO_FLAGS = ("", "-")


def golden(snapshot: Snapshot, by: By = "service", every: Every = "window") -> pd.DataFrame:
    """Golden signals from the clients' point of view (`by="workload"`: of the servers' pods).

    Args:
        snapshot: telemetry of a window.
        by: what a row is about.
        every: one row for the window, for each coarse step (column `time`), or for each hour of
            the week (column `hour_of_week`, 0 is Monday 00:00 UTC).

    Returns:
        Key columns, then `requests`, `rps` (1/s), `error_ratio`, `client_error_ratio`,
        `client_gone_ratio`, `p50_ms` … `p999_ms` of successes, `failure_p50_ms`,
        `failure_p99_ms`, `top_flags` (the commonest response flags with their share),
        `coverage` (scrapes present / expected). Sorted by key.

    Raises:
        InputError: `by` or `every` is none of the above.
    """
    if by not in KEYS or every not in ("window", "step", "hour_of_week"):
        raise InputError(f"no golden signals by {by!r} every {every!r}")
    edges = _spoken_edges(snapshot, by)
    keys = KEYS[by] + ([] if every == "window" else [_time_column(every)])
    coarse = snapshot.manifest.window.coarse_step_seconds
    traffic = _traffic(_keyed(snapshot.requests, edges, every, coarse), keys)
    traffic["rps"] = traffic["requests"] / _seconds(snapshot, every)
    latency = _latency(_keyed(snapshot.latency, edges, every, coarse), keys)
    frame = traffic.join(latency).join(
        _coverage(_keyed(snapshot.coverage, edges, every, coarse), keys)
    )
    frame = frame.reset_index().sort_values(keys, ignore_index=True)
    return frame.rename(columns=WORKLOAD_NAMES if by == "workload" else NAMES)


def saturation(snapshot: Snapshot) -> pd.DataFrame:
    """CPU and memory per workload and container over the window, where cAdvisor is scraped.

    Returns:
        cluster, namespace, workload, container, `cpu_cores_mean`, `cpu_cores_p99`,
        `cpu_throttled_max` (0-1), `memory_bytes_max` (of one pod), `pods_max`.
    """
    keys = ["cluster", "namespace", "workload", "container"]
    groups = snapshot.containers.groupby(keys, sort=True)
    return groups.agg(
        cpu_cores_mean=("cpu_cores", "mean"),
        cpu_cores_p99=("cpu_cores", lambda x: x.quantile(0.99)),
        cpu_throttled_max=("cpu_throttled", "max"),
        memory_bytes_max=("memory_bytes", "max"),
        pods_max=("pods", "max"),
    ).reset_index()


def _spoken_edges(snapshot: Snapshot, by: By) -> pd.DataFrame:
    edges = edges_with_target(snapshot.edges)
    if by == "workload":
        return edges[edges["reporter"] == "destination"]
    return edges[edges["speaks"]]


def _time_column(every: Every) -> str:
    return "time" if every == "step" else "hour_of_week"


def _keyed(
    frame: pd.DataFrame, edges: pd.DataFrame, every: Every, coarse_seconds: int
) -> pd.DataFrame:
    rows = frame.merge(edges, on="edge")
    rows["outcome"] = outcome_of(rows) if "code" in rows else ""
    if every == "hour_of_week":
        rows["hour_of_week"] = rows["time"].dt.day_of_week * 24 + rows["time"].dt.hour
    elif every == "step":
        rows["time"] = rows["time"].dt.floor(f"{coarse_seconds}s")
    return rows


def _seconds(snapshot: Snapshot, every: Every) -> float:
    window = snapshot.manifest.window
    if every == "window":
        return window.length.total_seconds()
    weeks = max(1.0, window.days / 7)
    return window.coarse_step_seconds * (weeks if every == "hour_of_week" else 1.0)


def _traffic(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    wanted = {
        "error_ratio": [f.value for f in FAILURES],
        "client_error_ratio": [Outcome.CLIENT_ERROR.value],
        "client_gone_ratio": [Outcome.CLIENT_GONE.value],
    }
    parts = {"requests": rows["requests"]} | {
        name: rows["requests"].where(rows["outcome"].isin(kinds), 0.0)
        for name, kinds in wanted.items()
    }
    totals = pd.DataFrame(parts).groupby([rows[k] for k in keys], observed=True).sum()
    totals[list(wanted)] = totals[list(wanted)].div(totals["requests"], axis=0)
    totals["top_flags"] = _top_flags(rows, keys).reindex(totals.index).fillna("")
    return totals


def _top_flags(rows: pd.DataFrame, keys: list[str]) -> pd.Series[str]:
    flagged = rows[~rows["flags"].isin(_NO_FLAGS)]
    every = rows.groupby(keys, observed=True)["requests"].sum()
    by_flag = flagged.groupby([*keys, "flags"], observed=True)["requests"].sum()
    words: dict[object, list[tuple[float, str]]] = {}
    for index, count in by_flag.items():
        key = index[:-1] if len(keys) > 1 else index[0]  # type: ignore[index]
        words.setdefault(key, []).append((count / every[key], str(index[-1])))  # type: ignore[index]
    return pd.Series({key: _commonest(flags) for key, flags in words.items()}, dtype="str")


def _commonest(flags: list[tuple[float, str]]) -> str:
    """`UO 4.2%, UT 0.83%`: the three commonest."""
    return ", ".join(f"{name} {_percent(share)}" for share, name in sorted(flags)[::-1][:3])


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share >= 1e-5 else "<0.001%"


def _latency(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    success = rows[rows["outcome"] == Outcome.SUCCESS.value]
    failure = rows[rows["outcome"].isin([f.value for f in FAILURES])]
    good = _quantile_table(success, keys, LEVELS)
    bad = _quantile_table(failure, keys, {"failure_p50_ms": 0.5, "failure_p99_ms": 0.99})
    return good.join(bad, how="outer")


def _quantile_table(rows: pd.DataFrame, keys: list[str], levels: dict[str, float]) -> pd.DataFrame:
    if rows.empty:
        index = pd.MultiIndex.from_arrays([[]] * len(keys), names=keys)
        return pd.DataFrame(columns=list(levels), index=index, dtype="float64")
    bounds = common_bounds(rows)
    bucket = np.searchsorted(bounds, rows["le"].to_numpy())
    sums = rows["requests"].groupby([*(rows[k] for k in keys), bucket], observed=True).sum()
    table = sums.unstack().reindex(columns=range(len(bounds))).fillna(0.0)
    counts = table.to_numpy(dtype="float64")
    values = [
        [e.value for e in quantiles(Histogram(bounds, row), tuple(levels.values()))]
        for row in counts
    ]
    return pd.DataFrame(values, index=table.index, columns=list(levels))


def _coverage(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    totals = rows.groupby(keys, observed=True)[["samples", "expected"]].sum()
    share = (totals["samples"] / totals["expected"]).clip(upper=1.0)
    return share.rename("coverage").to_frame()
