"""Latency of every target: who called, when, how long it took, what was cut short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.outcomes import CENSORED, FAILURES, Outcome, outcome_of
from observe.signals.targets import edges_with_target, target_of
from observe.stats.histogram import Histogram
from observe.stats.quantile import quantiles
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
#: Outcome groups that a cube keeps apart. Clients that were gone before the answer began are in
#: "gone", those that left while it was running in "left".
GROUPS = ("success", "censored", "gone", "left", "failure", "other")


@dataclass(frozen=True)
class TargetLatency:
    """Durations of one target's requests, as counts.

    Attributes:
        target: the host as the clients of one cluster see it.
        callers: (namespace, workload) of the clients, C of them.
        times: starts of the coarse steps of the window, H of them, UTC.
        bounds: upper bounds of the buckets in ms, B of them, the last one inf.
        counts: group → array (C, H, B) of requests.
        sum_ms: group → total duration of its requests, per step (H), ms.
        reporter: "source", or "waypoint" where that stands in for at least one caller.
    """

    target: Target
    callers: tuple[tuple[str, str], ...]
    times: NDArray[np.datetime64]
    bounds: Floats
    counts: Mapping[str, Floats]
    sum_ms: Mapping[str, Floats]
    reporter: str

    def histogram(
        self,
        group: str = "success",
        *,
        steps: NDArray[np.bool_] | None = None,
        caller: int | None = None,
    ) -> Histogram:
        """Durations of one group, over all or some steps (mask of H) and callers (index)."""
        cube = self.counts[group]
        cube = cube if caller is None else cube[caller : caller + 1]
        counts = cube.sum(axis=0) if steps is None else cube[:, steps].sum(axis=(0, 1))
        counts = counts.sum(axis=0) if counts.ndim == 2 else counts
        return Histogram(self.bounds, counts, self._sum(group, steps) if caller is None else None)

    def _sum(self, group: str, steps: NDArray[np.bool_] | None) -> float:
        per_step = self.sum_ms[group]
        return float((per_step if steps is None else per_step[steps]).sum())

    @property
    def lower(self) -> Floats:
        """Lower bounds of the buckets in ms; the first one is 0."""
        edges: Floats = np.concatenate(([0.0], self.bounds[:-1]))
        return edges

    def per_step(self, group: str = "success") -> Floats:
        """Requests of one group per step, array of H."""
        volume: Floats = self.counts[group].sum(axis=(0, 2))
        return volume

    def at(self, steps: NDArray[np.bool_]) -> TargetLatency:
        """The same target during some of its steps (mask of H)."""
        counts = {group: cube[:, steps] for group, cube in self.counts.items()}
        sums = {group: total[steps] for group, total in self.sum_ms.items()}
        return replace(self, times=self.times[steps], counts=counts, sum_ms=sums)

    def hourly(self) -> pd.DataFrame:
        """One row a coarse step: time, requests, failures, cut, p50_ms, p99_ms, p999_ms.

        The quantiles are those of successes, NaN in a step without any.
        """
        rows = [self._quantiles_of_step(i) for i in range(len(self.times))]
        frame = pd.DataFrame(rows, columns=["p50_ms", "p99_ms", "p999_ms"])
        requests = sum((self.per_step(g) for g in GROUPS), np.zeros(len(self.times)))
        frame.insert(0, "time", pd.DatetimeIndex(self.times).tz_localize("UTC"))
        frame.insert(1, "requests", requests)
        frame.insert(2, "failures", self.per_step("failure"))
        frame.insert(3, "cut", self.per_step("censored"))
        return frame

    def _quantiles_of_step(self, step: int) -> tuple[float, float, float]:
        counts = self.counts["success"][:, step].sum(axis=0)
        if counts.sum() <= 0:
            return (np.nan, np.nan, np.nan)
        p50, p99, p999 = quantiles(Histogram(self.bounds, counts), (0.5, 0.99, 0.999))
        return (p50.value, p99.value, p999.value)


def latency_by_target(snapshot: Snapshot) -> dict[str, TargetLatency]:
    """Latency of every target that a client's proxy (or a waypoint) speaks for, by path."""
    edges = edges_with_target(snapshot.edges)
    edges = edges[edges["speaks"]]
    rows = snapshot.latency.merge(edges[["edge", "target"]], on="edge")
    rows["group"] = _group(rows)
    sums = _sums(snapshot, edges)
    times = coarse_times(snapshot)
    return {
        str(path): _cube(part, edges[edges["target"] == path], times, sums.get(str(path)))
        for path, part in rows.groupby("target", sort=True)
    }


def coarse_times(snapshot: Snapshot) -> NDArray[np.datetime64]:
    """Starts of the coarse steps of the window (UTC, without zone: numpy has none)."""
    window = snapshot.manifest.window
    step = pd.Timedelta(seconds=window.coarse_step_seconds)
    index = pd.date_range(window.start, window.end, freq=step, inclusive="left")
    index = index.tz_convert("UTC").tz_localize(None).as_unit("ns")
    return index.to_numpy()


def target_histogram(snapshot: Snapshot, target: Target, group: str = "success") -> Histogram:
    """Durations of a target's requests over the window; see :class:`TargetLatency`."""
    return latency_by_target(snapshot)[target.path].histogram(group)


def target_hourly(snapshot: Snapshot, target: Target) -> pd.DataFrame:
    """A target's latency per coarse step; see :meth:`TargetLatency.hourly`."""
    return latency_by_target(snapshot)[target.path].hourly()


def _group(rows: pd.DataFrame) -> pd.Series[str]:
    """The group of each row. A failure that was also cut short counts as censored."""
    names = dict.fromkeys((o.value for o in Outcome), "other")
    names |= {o.value: "failure" for o in FAILURES}
    names |= {o.value: "censored" for o in CENSORED}
    names[Outcome.SUCCESS.value] = "success"
    names[Outcome.CLIENT_GONE.value] = "gone"
    group = outcome_of(rows).astype("str").map(names)
    answered = rows["code"].astype("str").str.startswith("2") & rows["flags"].astype(
        "str"
    ).str.contains("DC", regex=False)
    return group.mask((group == "gone") & answered, "left")


def _sums(snapshot: Snapshot, edges: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """Path → total duration (ms) by group and time."""
    rows = snapshot.latency_sum.merge(edges[["edge", "target"]], on="edge")
    rows["group"] = _group(rows)
    totals = rows.groupby(["target", "group", "time"])["sum_ms"].sum()
    return {str(path): part.droplevel(0) for path, part in totals.groupby(level=0)}


def _cube(
    rows: pd.DataFrame,
    edges: pd.DataFrame,
    times: NDArray[np.datetime64],
    sums: pd.Series[float] | None,
) -> TargetLatency:
    first = edges.iloc[0]
    edges = edges[edges["edge"].isin(rows["edge"].unique())]
    pairs = list(zip(edges["source_namespace"], edges["source_workload"], strict=True))
    callers = sorted(set(pairs))
    caller_of = {e: callers.index(pair) for e, pair in zip(edges["edge"], pairs, strict=True)}
    bounds = common_bounds(rows)
    caller_at = rows["edge"].map(caller_of).to_numpy(dtype="int64")
    step_at = np.searchsorted(times, _naive(rows["time"]), side="right") - 1
    bucket_at = np.searchsorted(bounds, rows["le"].to_numpy())
    cubes = {g: np.zeros((len(callers), len(times), len(bounds))) for g in GROUPS}
    values, groups = rows["requests"].to_numpy(), rows["group"].to_numpy()
    for name, cube in cubes.items():
        here = (groups == name) & (step_at >= 0)
        np.add.at(cube, (caller_at[here], step_at[here], bucket_at[here]), values[here])
    totals = {g: np.zeros(len(times)) for g in GROUPS}
    parts = sums.groupby(level=0) if sums is not None else ()
    for group, part in parts:
        moments = part.index.get_level_values("time").to_series()
        at = np.searchsorted(times, _naive(moments), side="right") - 1
        np.add.at(totals[str(group)], at[at >= 0], part.to_numpy()[at >= 0])
    target = target_of(
        first["cluster"], first["destination_service_namespace"], first["destination_service"]
    )
    reporter = "source" if (edges["reporter"] == "source").all() else "waypoint"
    return TargetLatency(target, tuple(callers), times, bounds, cubes, totals, reporter)


def common_bounds(rows: pd.DataFrame) -> Floats:
    """Upper bounds (ms) that all rows share, the last one inf.

    Empty buckets have no rows, so the bounds come from both ends of the rows' buckets. Where
    proxies use different layouts, a boundary inside another proxy's bucket is given up.
    """
    buckets = rows[["gt", "le"]].drop_duplicates().to_numpy(dtype="float64")
    ends = np.unique(np.append(buckets[buckets > 0], np.inf))
    gt, le = buckets[:, 0], buckets[:, 1]
    inside = (gt[:, None] < ends[None, :]) & (ends[None, :] < le[:, None])
    return ends[~inside.any(axis=0)]


def _naive(times: pd.Series[pd.Timestamp]) -> NDArray[np.datetime64]:
    naive: NDArray[np.datetime64] = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return naive
