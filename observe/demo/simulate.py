"""Samples of a mesh of known truth: as tidy frames, or as the counters that proxies expose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.demo import frames
from observe.demo.container_frames import (
    autoscalers_frame,
    containers_frame,
    resources_frame,
    restarts_frame,
    usage_frame,
)
from observe.demo.container_series import ContainerCounters
from observe.demo.counters import Counters
from observe.demo.draw import draw
from observe.demo.envoy_frame import envoy_frame
from observe.demo.host_frames import host_errors_frame, hosts_frame, proxies_frame
from observe.demo.kube_series import KubeState
from observe.demo.process import CELL_SECONDS
from observe.demo.truth import Truth
from observe.errors import InputError
from observe.telemetry.manifest import Manifest, Source, Window
from observe.telemetry.snapshot import Snapshot

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
            step_seconds=CELL_SECONDS,
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
        containers=containers_frame(truth, hours, at),
        proxies=proxies_frame(counts, seed, hours, at),
        hosts=hosts_frame(counts, seed, hours, at),
        host_errors=host_errors_frame(counts, seed, hours, at),
        envoy=envoy_frame(truth, counts, seed, at, scrape_interval),
        usage=usage_frame(truth, seed, hours, at, scrape_interval),
        resources=resources_frame(truth),
        restarts=restarts_frame(truth, hours, at),
        autoscalers=autoscalers_frame(truth),
    )


@dataclass(frozen=True)
class SeriesBlock:
    """Some hours of samples.

    Attributes:
        labels: one mapping per series, with `__name__`; N of them.
        timestamps_ms: shape (T,), ascending.
        values: shape (N, T); NaN is a sample that does not exist.
    """

    labels: list[dict[str, str]]
    timestamps_ms: NDArray[np.int64]
    values: NDArray[np.float64]


def simulate(
    truth: Truth,
    seed: int,
    start: datetime,
    days: int = 7,
    *,
    scrape_interval: int = 60,
    lag_seconds: float = 13.0,
) -> Iterator[SeriesBlock]:
    """What Prometheus would have scraped from this mesh, one block per day, in time order.

    Counters of pods that are older than the window begin above zero; the first block is the
    single scrape before the window, from which the first increase is counted.

    Args:
        truth: the mesh.
        seed: of the sampling; the same seed gives the same samples.
        start: start of the window, a whole hour, with a time zone.
        days: length of the window.
        scrape_interval: seconds; divides 300.
        lag_seconds: how long before the end of each interval its scrape happens; scrapes do not
            fall on round times in real life either.

    Raises:
        InputError: the start is no whole hour, or the interval does not divide 300 s.
    """
    check_start(start)
    if scrape_interval < 1 or CELL_SECONDS % scrape_interval:
        raise InputError(f"a scrape interval of {scrape_interval} s does not divide 300 s")
    if not 0 <= lag_seconds < scrape_interval:
        raise InputError("the lag must be shorter than the scrape interval")
    truth = truth.starting(start)
    proxies = Counters(truth, seed, scrape_interval)
    cadvisor = ContainerCounters(truth, seed, scrape_interval)
    kubernetes = KubeState(truth, scrape_interval)
    origin = round((start.timestamp() - lag_seconds) * 1000)
    labels, values = proxies.start()
    yield SeriesBlock(labels, np.array([origin], dtype=np.int64), values)
    steps = 86_400 // scrape_interval
    for day in range(days):
        at = origin + 1000 * scrape_interval * (day * steps + np.arange(1, steps + 1))
        labels, values = proxies.day(day)
        more_labels, more = cadvisor.day(day)
        states, state = kubernetes.day(day)
        every = labels + more_labels + states
        yield SeriesBlock(every, at, np.concatenate([values, more, state]))


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
