"""Samples of a mesh of known truth: as tidy frames, or as the counters that proxies expose."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from observe.demo import frames
from observe.demo.draw import draw
from observe.demo.truth import Truth
from observe.errors import InputError
from observe.telemetry.manifest import Manifest, Source, Window
from observe.telemetry.snapshot import Snapshot

FINE_SECONDS = 300
COARSE_SECONDS = 3600


def snapshot_from_truth(
    truth: Truth, seed: int, start: datetime, days: int = 7, *, scrape_interval: float = 60.0
) -> Snapshot:
    """What a collector would bring home from this mesh, drawn without any server.

    Args:
        truth: the mesh.
        seed: of the sampling; the same seed gives the same frames.
        start: start of the window, a whole hour, with a time zone.
        days: length of the window.
        scrape_interval: seconds; only the coverage depends on it.

    Raises:
        InputError: the start is no whole hour or has no time zone.
    """
    check_start(start)
    truth = truth.starting(start)
    hours = np.arange(24 * days)
    at = pd.Timestamp(start).tz_convert("UTC")
    counts = list(draw(truth, seed, hours))
    manifest = Manifest(
        created_at=start + timedelta(days=days),
        window=Window(
            start=start,
            end=start + timedelta(days=days),
            step_seconds=FINE_SECONDS,
            coarse_step_seconds=COARSE_SECONDS,
        ),
        source=Source(kind="simulation", scrape_interval_seconds=scrape_interval),
    )
    coverage = frames.coverage_frame(truth, counts, hours, at, scrape_interval)
    return Snapshot(
        manifest=_with_coverage(manifest, coverage),
        edges=frames.edges_frame(counts),
        requests=frames.requests_frame(counts, at),
        latency=frames.latency_frame(counts, at),
        latency_sum=frames.latency_sum_frame(counts, at),
        messages=frames.messages_frame(counts),
        coverage=coverage,
        containers=frames.containers_frame(truth, hours, at),
    )


def check_start(start: datetime) -> None:
    """Refuse a start that is no whole hour in a known time zone.

    Raises:
        InputError: as said.
    """
    if start.tzinfo is None:
        raise InputError("the start has no time zone", "Give it one, such as UTC")
    if (start.minute, start.second, start.microsecond) != (0, 0, 0):
        raise InputError(f"the start {start.isoformat()} is no whole hour")


def _with_coverage(manifest: Manifest, coverage: pd.DataFrame) -> Manifest:
    share = coverage["samples"].sum() / coverage["expected"].sum() if len(coverage) else 1.0
    source = manifest.source.model_copy(update={"coverage": float(share)})
    return manifest.model_copy(update={"source": source})
