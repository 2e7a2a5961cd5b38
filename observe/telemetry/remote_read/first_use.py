"""The first use on a machine: compiling takes some seconds, once, and whoever waits is told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from observe.telemetry.remote_read import frames, labels, series, sums
from observe.telemetry.remote_read.frames import Batch
from observe.telemetry.remote_read.semantics import Semantics
from observe.telemetry.remote_read.sums import Ends
from observe.telemetry.remote_read.xor import SLACK

NOTICE = "compiling the decoder of samples, which takes some seconds, once on this machine"


def is_compiled() -> bool:
    """Whether an earlier run left the compiled decoder on disk."""
    place = getattr(frames._all_frames, "stats", None)
    folder = getattr(place, "cache_path", None)
    return bool(folder) and any(Path(str(folder)).glob("frames._all_frames-*.nbi"))


def prepare(tell: Callable[[str], None] | None = None) -> None:
    """Load the compiled functions, or compile them; afterwards no read waits for that.

    Args:
        tell: told `NOTICE` when something has to be compiled.
    """
    if tell is not None and not is_compiled():
        tell(NOTICE)
    data = np.zeros(SLACK, dtype=np.uint8)
    frames.whole_frames(data)
    batch, _ = frames.decode_frames(data, 0)
    series._ascending(batch.times, batch.offsets)
    labels.Wanted(["pod"]).keys(batch)
    _aggregate(batch)


def _aggregate(batch: Batch) -> None:
    """Call what aggregates, without any series."""
    cells, none = np.zeros((1, 1)), np.zeros(0, dtype=np.int64)
    ends, recorded = Ends(0, 1, 1), np.zeros(1, dtype=np.bool_)
    sums.add(batch, none, cells, 0, sums.SUM, ends, Semantics())
    sums.mark_recorded(batch, recorded, ends, Semantics())
    sums.aggregate_rows(cells, none, cells, sums.SUM)
