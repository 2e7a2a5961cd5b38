"""Real traces of CPU and memory as regular steps, with their dirt named.

- Bitbrains (GWA-T-12, Shen et al. 2015; in OpenDC's form): 25 production VMs, 30 days. A row ends
  at its time and lasts `duration`; rows of the same use are one. Longer than an hour is a gap.
  MHz become cores by the capacity of the VM.
- NAB (Numenta): CPU percent of EC2 and RDS instances, two weeks or more. How many cores they had
  is not known: 100 % is taken as one core. Series of other things are left out.
- Nezha: Online Boutique on Kubernetes, 20 hours, with injected faults. `TimeStamp` is wrong and
  `Time` is right; CPU is in units of 10 m.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spans import shared_folder

Floats = NDArray[np.float64]

#: Rows that last longer are gaps.
LONGEST_ROW = 3_600


@dataclass(frozen=True)
class Trace:
    """One series: cores or bytes, NaN where nothing is known.

    Attributes:
        name: of the VM, instance or pod.
        start: seconds since 1970.
        step_seconds: length of a step.
        values: one a step.
    """

    name: str
    start: int
    step_seconds: int
    values: Floats

    def part(self, first: int, last: int) -> Trace:
        """Steps `first` ... `last` - 1."""
        start = self.start + first * self.step_seconds
        return Trace(self.name, start, self.step_seconds, self.values[first:last])


@dataclass(frozen=True)
class TraceSet:
    """Series of one origin: `resource` is "cpu" or "memory"."""

    name: str
    resource: str
    traces: tuple[Trace, ...]


def trace_sets() -> tuple[list[TraceSet], list[str]]:
    """The sets that are there, and the names of those that are not."""
    readers = {"bitbrains": _bitbrains, "nab-cloudwatch": _nab, "nezha-onlineboutique": _nezha}
    found, missing = [], []
    for name, read in readers.items():
        folder = shared_folder(name)
        if folder is None:
            missing.append(name)
        else:
            found += read(folder)
    return found, missing


def regular(
    name: str, seconds: NDArray[np.int64], values: Floats, step: int, lasts: Floats | None = None
) -> Trace:
    """Rows on a grid: each fills the step that it ends in, and those before that it lasts.

    Args:
        name: of the series.
        seconds: when each row ends, ascending.
        values: of each row.
        step: of the grid.
        lasts: seconds that a row lasts; one step when absent.
    """
    at = np.rint((seconds - seconds[0]) / step).astype(np.int64)
    grid = np.full(int(at[-1]) + 1, np.nan)
    span = np.ones(at.size, dtype=np.int64)
    if lasts is not None:
        span = np.where(lasts <= LONGEST_ROW, np.rint(lasts / step), 1).astype(np.int64)
    for end, value, steps in zip(at, values, np.maximum(span, 1), strict=True):
        grid[max(0, end - steps + 1) : end + 1] = value
    return Trace(name, int(seconds[0]) - step, step, grid)


def _seconds(times: pd.Series) -> NDArray[np.int64]:
    return pd.DatetimeIndex(times).tz_localize(None).as_unit("s").asi8


def _bitbrains(folder: Path) -> list[TraceSet]:
    rows = pd.read_parquet(folder / "trace.parquet").sort_values(["id", "timestamp"])
    capacity = pd.read_parquet(folder / "meta.parquet").set_index("id")
    traces = []
    for name, group in rows.groupby("id"):
        vm = capacity.loc[name]
        mhz_per_core = float(vm["cpu_capacity"]) / float(vm["cpu_count"])
        seconds, lasts = _seconds(group["timestamp"]), group["duration"].to_numpy() / 1000
        cores = group["cpu_usage"].to_numpy() / mhz_per_core
        traces.append(regular(str(name), seconds, cores, 300, lasts))
    return [TraceSet("bitbrains", "cpu", tuple(traces))]


def _nab(folder: Path) -> list[TraceSet]:
    traces = []
    for file in sorted(folder.glob("*cpu_utilization*.csv")):
        rows = pd.read_csv(file).drop_duplicates("timestamp").sort_values("timestamp")
        seconds = _seconds(pd.to_datetime(rows["timestamp"]))
        traces.append(regular(file.stem, seconds, rows["value"].to_numpy() / 100, 300))
    return [TraceSet("nab-cloudwatch", "cpu", tuple(traces))]


def _nezha(folder: Path) -> list[TraceSet]:
    cpu, memory = [], []
    for file in sorted(folder.glob("*/metric/*-*_metric.csv")):
        rows = pd.read_csv(file)
        seconds = _seconds(pd.to_datetime(rows["Time"].str[:19]))
        name = f"{file.parts[-3]} {file.stem.removesuffix('_metric')}"
        cpu.append(regular(name, seconds, rows["CpuUsage(m)"].to_numpy() / 100, 60))
        mib = rows["MemoryUsage(Mi)"].to_numpy() * 2.0**20
        memory.append(regular(name, seconds, mib, 60))
    return [
        TraceSet("nezha-onlineboutique", "cpu", tuple(cpu)),
        TraceSet("nezha-onlineboutique", "memory", tuple(memory)),
    ]


def main() -> None:
    """What was read."""
    sets, missing = trace_sets()
    for name in missing:
        print(f"skipped: {name} is not kept beside the checkout ($OBSERVE_SHARED)")
    for one in sets:
        print(f"{one.name} {one.resource}: {len(one.traces)} series")
        for trace in one.traces:
            known = np.isfinite(trace.values).mean()
            days = trace.values.size * trace.step_seconds / 86_400
            start = pd.Timestamp(trace.start, unit="s").strftime("%Y-%m-%d %H:%M")
            print(f"  {trace.name:56} {start} {days:6.1f} days, {known:6.1%} known")


if __name__ == "__main__":
    main()
