"""Coverage: scrapes that arrived, against scrapes that should have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.assemble import Table
from observe.telemetry.frames import COVERAGE
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.steps import Steps

#: A single sample, such as the one on the border to the next step, shows no increase.
_SAMPLES_OF_AN_INCREASE = 2


@dataclass(frozen=True)
class Coverage:
    """How completely the window was recorded.

    Attributes:
        frame: the frame `coverage`.
        share: scrapes present / expected over all edges, 0-1.
        silent: for each coarse step of the window, whether it is known that nothing at all was
            recorded.
    """

    frame: pd.DataFrame
    share: float
    silent: NDArray[np.bool_]


def coverage(
    samples: Table | None,
    edges: pd.DataFrame,
    steps: Steps,
    scrape: float,
    missing: Sequence[MissingPiece] = (),
) -> Coverage:
    """Coverage per edge and coarse step.

    A counter appears with its first request, so the absence of one edge's series need not be a
    gap: the proxy of the reporting workload counts as scraped when any of its edges was. Expected
    are the steps from the first to the last one in which that workload was seen, and those in
    which nothing at all was recorded (retention, an outage of Prometheus).

    Args:
        samples: samples per edge and step, of the best covered series; labels hold `edge`.
        edges: the frame `edges`.
        steps: window and steps.
        scrape: scrape interval in seconds.
        missing: spans for which coverage could not be asked; nothing is said about them.
    """
    expected = steps.coarse / scrape
    seen = _seen(samples, len(edges), steps, expected)
    unknown = _unknown(missing, steps)
    silent = (seen.sum(axis=0) == 0) & ~unknown
    seen = _best_of_workload(seen, edges)
    rows, at = np.nonzero((_alive(seen) | silent) & ~unknown)
    starts = pd.date_range(
        steps.start, periods=len(silent), freq=pd.Timedelta(seconds=steps.coarse)
    )
    frame = pd.DataFrame(
        {"time": starts[at], "edge": rows, "samples": seen[rows, at], "expected": expected}
    ).sort_values(["time", "edge"], ignore_index=True)
    share = float(frame["samples"].sum() / frame["expected"].sum()) if len(frame) else 0.0
    return Coverage(COVERAGE.conform(frame), min(share, 1.0), silent)


def _seen(samples: Table | None, edges: int, steps: Steps, expected: float) -> NDArray[np.float64]:
    """Samples per edge and coarse step, at most as many as expected."""
    seen = np.zeros((edges, steps.count(steps.coarse)))
    if samples is not None and edges:
        first = round(steps.start.timestamp() * 1000)
        at = (samples.time - first) // (steps.coarse * 1000)
        edge = samples.labels["edge"].to_numpy()[samples.series]
        useful = np.where(samples.values >= _SAMPLES_OF_AN_INCREASE, samples.values, 0.0)
        np.maximum.at(seen, (edge, at), np.minimum(useful, expected))
    return seen


def _unknown(missing: Sequence[MissingPiece], steps: Steps) -> NDArray[np.bool_]:
    """The coarse steps that lie in a missing piece."""
    unknown = np.zeros(steps.count(steps.coarse), dtype=np.bool_)
    for piece in missing:
        first = int((piece.start - steps.start).total_seconds()) // steps.coarse
        last = int((piece.end - steps.start).total_seconds()) // steps.coarse
        unknown[first:last] = True
    return unknown


def silence_warnings(silent: NDArray[np.bool_], steps: Steps) -> list[str]:
    """Lines about the parts of the window in which nothing was recorded."""
    if not silent.any():
        return []
    recorded = np.flatnonzero(~silent)
    lines = []
    if recorded.size and recorded[0] > 0:
        begin = steps.start + pd.Timedelta(seconds=int(recorded[0]) * steps.coarse)
        lines.append(
            f"nothing was recorded before {begin:%Y-%m-%d %H:%M} UTC (does Prometheus keep less "
            f"than the window?): {_length(recorded.size * steps.coarse)} of "
            f"{_length(len(silent) * steps.coarse)} are covered"
        )
    inner = int(silent[recorded[0] :].sum()) if recorded.size else 0
    if inner:
        length = _length(inner * steps.coarse)
        lines.append(f"nothing was recorded in {length} of the window (an outage?)")
    return lines


def _length(seconds: int) -> str:
    """`20 minutes`, `1 hour`, `7.5 hours`."""
    number, unit = (seconds / 60, "minute") if seconds < 3600 else (seconds / 3600, "hour")
    return f"{number:.3g} {unit}" + ("" if number == 1 else "s")


def _best_of_workload(seen: NDArray[np.float64], edges: pd.DataFrame) -> NDArray[np.float64]:
    """For each edge, the samples of the best covered edge of the same reporting workload."""
    reporter = edges["reporter"]
    side = np.where(reporter == "source", "source", "destination")
    workload = pd.DataFrame(
        {
            "cluster": edges["cluster"],
            "reporter": reporter,
            "namespace": edges["source_namespace"].where(
                side == "source", edges["destination_namespace"]
            ),
            "workload": edges["source_workload"].where(
                side == "source", edges["destination_workload"]
            ),
        }
    )
    group = workload.groupby(list(workload.columns), sort=False).ngroup().to_numpy()
    best = np.zeros_like(seen)
    np.maximum.at(best, group, seen)
    shared: NDArray[np.float64] = best[group] if len(group) else best
    return shared


def _alive(seen: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Steps from the first to the last one with samples, per row."""
    there = seen > 0
    begun = np.logical_or.accumulate(there, axis=1)
    not_over = np.logical_or.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    alive: NDArray[np.bool_] = begun & not_over
    return alive
