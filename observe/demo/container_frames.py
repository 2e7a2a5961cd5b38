"""The frames about containers, drawn from a truth: usage, settings, restarts, autoscalers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.demo.container_series import CPU_NOISE_SHAPE, MEMORY_NOISE
from observe.demo.containers import (
    PERIODS_PER_SECOND,
    Container,
    ages,
    containers_of,
    of_replica,
    served_rps,
)
from observe.demo.kube_series import autoscaler_of, settings_of
from observe.demo.process import CELL_SECONDS
from observe.demo.rhythm import CELLS
from observe.demo.truth import Truth, Workload
from observe.telemetry import frames

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]

#: Keeps these draws apart from those of the counts.
_SEED = 0x75736564
_MINUTES = 60


def containers_frame(truth: Truth, hours: Hours, start: pd.Timestamp) -> pd.DataFrame:
    """The frame CONTAINERS, for the workloads that have containers."""
    parts = [frames.CONTAINERS.empty()]
    for workload, container, pods in loads(truth, hours):
        age = ages(workload, _cells(hours))
        columns = {
            "time": _times(start, 3600, len(hours)),
            **_keys(workload, container),
            "pods": float(workload.replicas),
            "cpu_cores": container.cores(pods, age).sum(axis=0).mean(axis=1),
            "cpu_throttled": container.throttled(pods, age).mean(axis=(0, 2)),
            "memory_bytes": container.memory(pods, _cells(hours), age).max(axis=(0, 2)),
        }
        parts.append(pd.DataFrame(columns))
    return frames.CONTAINERS.conform(pd.concat(parts[1:] or parts))


def usage_frame(
    truth: Truth, seed: int, hours: Hours, start: pd.Timestamp, scrape_interval: float
) -> pd.DataFrame:
    """The frame USAGE, with the noise that a number of scrapes leaves."""
    scrapes = max(1, round(CELL_SECONDS / scrape_interval))
    parts = [frames.USAGE.empty()]
    for number, (workload, container, pods) in enumerate(loads(truth, hours)):
        rng = np.random.default_rng([seed, number, _SEED])
        age = ages(workload, _cells(hours))
        shape = CPU_NOISE_SHAPE * scrapes
        cores = container.cores(pods, age) * rng.gamma(shape, 1 / shape, pods.shape)
        noise = rng.standard_normal((scrapes, *pods.shape))
        memory = _memory(container, workload, pods, hours, noise)
        columns = {
            "time": _times(start, CELL_SECONDS, len(hours) * CELLS),
            **_keys(workload, container),
            "pods": float(workload.replicas),
            "cpu_cores": cores.sum(axis=0).ravel(),
            "cpu_busiest": cores.max(axis=0).ravel(),
            "memory_busiest": memory.max(axis=0).ravel(),
            "throttled": _throttled(container, pods, age, rng).ravel(),
        }
        parts.append(pd.DataFrame(columns))
    return frames.USAGE.conform(pd.concat(parts[1:] or parts))


def resources_frame(truth: Truth) -> pd.DataFrame:
    """The frame RESOURCES: nothing is changed in the window."""
    rows = [
        {
            **_keys(workload, container),
            **{f"{resource}_{kind}": value for kind, resource, value in settings_of(container)},
        }
        for workload in truth.workloads
        if workload.containers
        for container in containers_of(workload)
    ]
    found = pd.DataFrame(rows, columns=list(frames.RESOURCES.columns))
    return frames.RESOURCES.conform(found.sort_values(list(frames.CONTAINER_KEYS)))


def restarts_frame(truth: Truth, hours: Hours, start: pd.Timestamp) -> pd.DataFrame:
    """The frame RESTARTS: containers restart when a leak has reached their limit."""
    parts = [frames.RESTARTS.empty()]
    minutes = hours[0] + np.arange(len(hours) * _MINUTES + 1) / _MINUTES
    for workload in truth.workloads:
        for container in containers_of(workload) if workload.containers else ():
            counted = np.diff(container.kills(ages(workload, minutes)))
            kills = np.maximum(counted, 0.0).reshape(-1, _MINUTES).sum(axis=1)
            (at,) = np.nonzero(kills)
            times = _times(start, 3600, len(hours))[at]
            number = kills[at] * workload.replicas
            columns = {"time": times, **_keys(workload, container)}
            parts.append(pd.DataFrame({**columns, "oom_kills": number, "restarts": number}))
    found = pd.concat(parts[1:] or parts)
    return frames.RESTARTS.conform(found.sort_values(["time", *frames.CONTAINER_KEYS]))


def autoscalers_frame(truth: Truth) -> pd.DataFrame:
    """The frame AUTOSCALERS: the number of replicas stays what it is."""
    rows = [
        {
            **{"cluster": workload.cluster, "namespace": workload.namespace},
            **{"autoscaler": workload.name, "workload": workload.name},
            **{"min_replicas": scaler.min_replicas, "max_replicas": scaler.max_replicas},
            **{"replicas": workload.replicas, "most_replicas": workload.replicas},
            "share_at_max": float(workload.replicas >= scaler.max_replicas),
            **{"metric": "cpu", "target_type": "utilization", "target": scaler.utilization},
        }
        for workload in truth.workloads
        for scaler in [autoscaler_of(workload) if workload.containers else None]
        if scaler is not None
    ]
    columns = list(frames.AUTOSCALERS.columns)
    return frames.AUTOSCALERS.conform(pd.DataFrame(rows, columns=columns))


def loads(truth: Truth, hours: Hours) -> Iterator[tuple[Workload, Container, Floats]]:
    """Every container, with the requests a second of each of its pods, (P, H, 12)."""
    for workload in truth.workloads:
        if not workload.containers:
            continue
        rps = served_rps(truth, workload, hours)
        slots = range(workload.replicas)
        pods = np.stack([of_replica(workload, slot, rps) for slot in slots])
        for container in containers_of(workload):
            yield workload, container, pods


def _memory(
    container: Container,
    workload: Workload,
    pods: Floats,
    hours: Hours,
    noise: Floats,
) -> Floats:
    """Largest working set that a scrape finds in each five minutes, (P, H, 12).

    Args:
        noise: standard normal, one for each scrape, (N, P, H, 12).
    """
    highest = np.zeros(pods.shape)
    for number, one in enumerate(noise):
        at = _cells(hours) + number / len(noise) / CELLS
        used = container.memory(pods, at, ages(workload, at)) * (1 + MEMORY_NOISE * one)
        highest = np.maximum(highest, used)
    return np.minimum(highest, container.limit_bytes)


def _throttled(container: Container, pods: Floats, age: Floats, rng: np.random.Generator) -> Floats:
    """Share of all pods' periods that were throttled, (H, 12); NaN without a limit."""
    share = container.throttled(pods, age)
    if np.isnan(share).any():
        return np.full(share.shape[1:], np.nan)
    periods = round(PERIODS_PER_SECOND * CELL_SECONDS)
    held: Floats = rng.binomial(periods, share).sum(axis=0) / (periods * len(pods))
    return held


def _keys(workload: Workload, container: Container) -> dict[str, str]:
    values = (workload.cluster, workload.namespace, workload.name, container.name)
    return dict(zip(frames.CONTAINER_KEYS, values, strict=True))


def _cells(hours: Hours) -> Floats:
    """The hour at which each five minutes begin, (H, 12)."""
    at: Floats = hours[:, None] + np.arange(CELLS) / CELLS + 1e-9
    return at


def _times(start: pd.Timestamp, step: int, count: int) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq=f"{step}s", unit="ns")
