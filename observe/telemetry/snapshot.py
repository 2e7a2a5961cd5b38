"""A snapshot: the telemetry of one window, in memory and as a folder of Parquet files."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from observe.telemetry.manifest import Manifest


@dataclass(frozen=True)
class Snapshot:
    """Telemetry of one window. Frames follow :mod:`observe.telemetry.frames`."""

    manifest: Manifest
    edges: pd.DataFrame
    requests: pd.DataFrame
    latency: pd.DataFrame
    latency_sum: pd.DataFrame
    messages: pd.DataFrame
    coverage: pd.DataFrame
    containers: pd.DataFrame
