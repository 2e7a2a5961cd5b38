"""Evaluations of recording rules that did not arrive, and what the others stand for.

Recorded rates are added up over their moments: a request to `/federate` that fails, or an edge
tier that restarts, leaves moments out, and the sum too low. A rate over five minutes is seen at 5
moments, so that those beside a short gap still speak of it: in each step the moments that arrived
stand for all that there should have been. The heartbeat, which is recorded with the rates, tells
their number. A workload that existed in part of a step only is not scaled for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from observe.telemetry.assemble import Table
from observe.telemetry.catalogue import Entry
from observe.telemetry.envoy_entries import COUNTERS
from observe.telemetry.istiod_entries import COUNTED
from observe.telemetry.recorded import ARRIVED, RATE_SECONDS
from observe.telemetry.steps import Steps

#: Entries whose values are sums over moments.
_SUMS = (
    "requests",
    "latency",
    "latency-sum",
    "latency-count",
    "messages",
    "cpu",
    COUNTED,
    *COUNTERS,
)


def bridged(
    tables: Mapping[str, Table],
    entries: Mapping[str, Entry],
    steps: Steps,
    interval_seconds: float,
) -> dict[str, Table]:
    """The tables with sums scaled to the moments there should have been.

    Where no evaluation of a step arrived nothing is there to be scaled; clusters without a
    heartbeat are left as they are.

    Args:
        tables: entry name → samples; without the entry `evaluations` nothing is changed.
        entries: entry name → what was asked.
        steps: window and steps.
        interval_seconds: distance of evaluations.
    """
    arrived = tables.get(ARRIVED)
    rest = {name: table for name, table in tables.items() if name != ARRIVED}
    if arrived is None or not len(arrived.labels):
        return rest
    factors = _factors(arrived, steps, interval_seconds)
    for name in _SUMS:
        if name in rest and name in entries:
            step = steps.fine if entries[name].step == "fine" else steps.coarse
            rest[name] = _scaled(rest[name], factors, steps, step)
    return rest


def _factors(
    arrived: Table, steps: Steps, interval_seconds: float
) -> dict[str, dict[int, NDArray[np.float64]]]:
    """Cluster → length of a step → expected / arrived of each step of the window."""
    clusters = arrived.labels["cluster"].astype(str).tolist()
    count = steps.count(steps.fine)
    fine = {cluster: np.zeros(count) for cluster in clusters}
    at = _index(arrived.time, steps, steps.fine)
    for row, step, value in zip(arrived.series.tolist(), at.tolist(), arrived.values, strict=True):
        fine[clusters[row]][step] += value
    spoken = RATE_SECONDS / interval_seconds
    return {
        cluster: {
            steps.fine: step_factors(seen, steps.fine / interval_seconds, spoken, 1),
            steps.coarse: step_factors(
                seen, steps.fine / interval_seconds, spoken, steps.coarse // steps.fine
            ),
        }
        for cluster, seen in fine.items()
    }


def step_factors(
    seen: NDArray[np.float64], expected: float, spoken: float, fine_per_step: int
) -> NDArray[np.float64]:
    """What to multiply the sum of each step by, never below 1.

    Args:
        seen: evaluations that arrived in each fine step.
        expected: how many there should have been.
        spoken: evaluations that the span of one rate holds: a gap beyond it is nobody's.
        fine_per_step: fine steps in the steps that factors are wanted for.
    """
    stands_for = np.where(seen > 0, np.minimum(expected, seen + spoken), 0.0)
    arrived = seen.reshape(-1, fine_per_step).sum(axis=1)
    covered = stands_for.reshape(-1, fine_per_step).sum(axis=1)
    factor = np.divide(covered, arrived, out=np.ones_like(arrived), where=arrived > 0)
    at_least_one: NDArray[np.float64] = np.maximum(factor, 1.0)
    return at_least_one


def _scaled(
    table: Table,
    factors: Mapping[str, Mapping[int, NDArray[np.float64]]],
    steps: Steps,
    step: int,
) -> Table:
    names = table.labels["cluster"].astype(str).tolist()
    alone = next(iter(factors.values())) if len(factors) == 1 else None
    at = _index(table.time, steps, step)
    scale = np.ones(len(table.values))
    for cluster in dict.fromkeys(names):
        # One heartbeat without a name speaks for all: the tier tells no clusters apart.
        own = factors.get(cluster) or (alone if "" in factors else None)
        if own is not None:
            rows = np.flatnonzero([name == cluster for name in names])
            chosen = np.isin(table.series, rows)
            scale[chosen] = own[step][at[chosen]]
    return replace(table, values=table.values * scale)


def _index(times_ms: NDArray[np.int64], steps: Steps, step: int) -> NDArray[np.int64]:
    first = round(steps.start.timestamp() * 1000)
    index: NDArray[np.int64] = (times_ms - first) // (step * 1000)
    return index
