"""The golden signals as rows of a report, namespace by namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.report.format import NOTHING, duration_text, rate_text, share_text
from observe.report.reason_words import FLAG_WORDS
from observe.signals.golden import golden
from observe.signals.latency import TargetLatency
from observe.signals.targets import target_of
from observe.telemetry.snapshot import Snapshot

#: Points of a sparkline; a week of hours becomes one point for three hours.
SPARK_POINTS = 56


@dataclass(frozen=True)
class ServiceRow:
    """One service's golden signals, each with its unit.

    Attributes:
        name: short name of the service.
        host: as Istio reports it.
        requests: requests over the window, to sort by.
        traffic: requests per step, thinned; empty when not known.
    """

    name: str
    host: str
    requests: float
    rate: str
    errors: str
    p50: str
    p90: str
    p99: str
    p999: str
    failure_p99: str
    flags: str
    traffic: tuple[float, ...]


@dataclass(frozen=True)
class Namespace:
    """A namespace of one cluster, its services busiest first."""

    cluster: str
    name: str
    services: tuple[ServiceRow, ...]


def namespaces(snapshot: Snapshot, cubes: Mapping[str, TargetLatency]) -> tuple[Namespace, ...]:
    """Golden signals of every service, by cluster and namespace."""
    if snapshot.requests.empty:
        return ()
    frame = golden(snapshot, by="service")
    groups = frame.groupby(["cluster", "namespace"], sort=True)
    return tuple(
        Namespace(str(cluster), str(name), _rows(part, cubes)) for (cluster, name), part in groups
    )


def _rows(part: pd.DataFrame, cubes: Mapping[str, TargetLatency]) -> tuple[ServiceRow, ...]:
    ordered = part.sort_values(["requests", "service"], ascending=[False, True])
    columns = [str(name) for name in ordered.columns]
    rows = ordered.itertuples(index=False, name=None)
    return tuple(_row(dict(zip(columns, row, strict=True)), cubes) for row in rows)


def _row(record: Mapping[str, object], cubes: Mapping[str, TargetLatency]) -> ServiceRow:
    cluster, namespace, host = (str(record[k]) for k in ("cluster", "namespace", "service"))
    path = target_of(cluster, namespace, host).path
    cube = cubes.get(path)
    times = {k: duration_text(_number(record, f"{k}_ms")) for k in ("p50", "p90", "p99", "p999")}
    flags = record.get("top_flags")
    return ServiceRow(
        name=path.split("/", 2)[2],
        host=host,
        requests=_number(record, "requests"),
        rate=rate_text(_number(record, "rps")),
        errors=share_text(_number(record, "error_ratio")),
        failure_p99=duration_text(_number(record, "failure_p99_ms")),
        flags=flags if isinstance(flags, str) and flags else NOTHING,
        traffic=thinned(_traffic(cube)) if cube is not None else (),
        **times,
    )


def _number(record: Mapping[str, object], name: str) -> float:
    value = record.get(name)
    return float(value) if isinstance(value, int | float | np.number) else float("nan")


def _traffic(cube: TargetLatency) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([cube.per_step(g) for g in cube.counts], axis=0)
    return total


def thinned(values: NDArray[np.float64], points: int = SPARK_POINTS) -> tuple[float, ...]:
    """Means of neighbouring values, at most so many."""
    if values.size == 0:
        return ()
    parts = np.array_split(values, min(points, values.size))
    return tuple(float(part.mean()) for part in parts)


def flags_seen(spaces: Sequence[Namespace]) -> tuple[tuple[str, str], ...]:
    """The response flags in the tables, with their meaning, sorted."""
    seen = {
        word.strip(",")
        for space in spaces
        for service in space.services
        for word in service.flags.replace(",", " ").split()
    }
    return tuple((flag, FLAG_WORDS[flag]) for flag in sorted(seen & FLAG_WORDS.keys()))
