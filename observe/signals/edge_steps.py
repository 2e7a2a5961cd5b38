"""Requests and durations of single edges as arrays over the steps of a window."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The flag of requests that a full pool refused.
POOL_OVERFLOW = "UO"


class EdgeSteps:
    """Reads a snapshot once, and then gives the series of any edges together.

    Attributes:
        times: starts of the fine steps (T), UTC, without zone.
        step_seconds: length of a fine step.
        coarse_of_fine: the coarse step (its number) that holds each fine step (T).
        coarse_steps: number of coarse steps (H).
    """

    def __init__(self, snapshot: Snapshot) -> None:
        window = snapshot.manifest.window
        start = pd.Timestamp(window.start).tz_convert("UTC").tz_localize(None).as_unit("ns")
        self._start = start.to_datetime64()
        self.step_seconds = window.step_seconds
        self._coarse_seconds = window.coarse_step_seconds
        length = window.length.total_seconds()
        count = max(1, int(np.ceil(length / window.step_seconds)))
        offsets = np.arange(count) * window.step_seconds
        self.times = self._start + offsets.astype("timedelta64[s]").astype("timedelta64[ns]")
        self.coarse_of_fine: Ints = offsets // window.coarse_step_seconds
        self.coarse_steps = int(self.coarse_of_fine[-1]) + 1
        self._requests = _ByEdge(snapshot.requests, self._at(snapshot.requests, fine=True))
        self._sums = _ByEdge(snapshot.latency_sum, self._at(snapshot.latency_sum, fine=False))

    def requests(self, edges: Ints) -> Floats:
        """Requests of some edges together in each fine step (T)."""
        return self._requests.total("requests", edges, len(self.times))

    def refused(self, edges: Ints) -> float:
        """Requests of some edges that a pool refused."""
        every = self._requests.total("requests", edges, len(self.times))
        taken = self._requests.total("requests", edges, len(self.times), taken=True)
        return float((every - taken).sum())

    def mean_ms(self, edges: Ints) -> Floats:
        """Mean duration (ms) of the requests of some edges around each fine step (T).

        Refused requests are left out. A coarse step without any has the mean of the window; all
        are NaN where the window has none.
        """
        spent = self._sums.total("sum_ms", edges, self.coarse_steps, taken=True)
        ended = self._sums.total("requests", edges, self.coarse_steps, taken=True)
        whole = spent.sum() / ended.sum() if ended.sum() > 0 else np.nan
        mean = np.divide(spent, ended, out=np.full(spent.size, whole), where=ended > 0)
        around: Floats = mean[self.coarse_of_fine]
        return around

    def coarse(self, frame: pd.DataFrame) -> Ints:
        """The coarse step of each row of a frame; -1 outside the window."""
        return self._at(frame, fine=False)

    def _at(self, frame: pd.DataFrame, *, fine: bool) -> Ints:
        if frame.empty:
            return np.zeros(0, dtype=np.int64)
        naive = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        seconds = self.step_seconds if fine else self._coarse_seconds
        steps = len(self.times) if fine else self.coarse_steps
        at = (naive - self._start) // np.timedelta64(seconds, "s")
        at = at.astype(np.int64)
        return np.where((at >= 0) & (at < steps), at, -1)


class _ByEdge:
    """Rows of a frame in the order of their edges."""

    def __init__(self, frame: pd.DataFrame, at: Ints) -> None:
        edges = frame["edge"].to_numpy()
        order = np.argsort(edges, kind="stable")
        order = order[at[order] >= 0]
        self._edges, self._at = edges[order], at[order]
        names = ("requests", "sum_ms")
        self.columns = {n: frame[n].to_numpy()[order] for n in names if n in frame.columns}
        flags = frame["flags"].astype("category").cat
        hit = np.array(
            [
                POOL_OVERFLOW in {part.strip() for part in str(f).split(",")}
                for f in flags.categories
            ],
            dtype=np.bool_,
        )
        codes = flags.codes.to_numpy()[order]
        self.refused = hit[codes] & (codes >= 0) if hit.size else np.zeros(order.size, np.bool_)

    def of(self, edge: int) -> slice:
        """Where the rows of an edge stand."""
        first, last = np.searchsorted(self._edges, [edge, edge + 1])
        return slice(int(first), int(last))

    def total(self, column: str, edges: Ints, steps: int, *, taken: bool = False) -> Floats:
        """A column summed over some edges, per step; `taken` leaves out what was refused."""
        found = np.zeros(steps)
        for edge in edges:
            rows = self.of(int(edge))
            values = self.columns[column][rows]
            values = np.where(self.refused[rows], 0.0, values) if taken else values
            found += np.bincount(self._at[rows], weights=values, minlength=steps)
        return found


def _overflowed(flags: str) -> bool:
    return POOL_OVERFLOW in {part.strip() for part in flags.split(",")}
