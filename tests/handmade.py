"""Small snapshots made by hand, for tests that need to know every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from observe.telemetry import frames
from observe.telemetry.manifest import Manifest, Source, Window
from observe.telemetry.snapshot import Snapshot

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
BOUNDS = (10.0, 100.0, 1000.0, 10_000.0, np.inf)


@dataclass
class Call:
    """What one client workload sees of one service, the same in every hour.

    `buckets` counts requests per hour and bucket of BOUNDS; `hours` limits it to some hours.
    """

    source: str = "web"
    service: str = "cart"
    buckets: Sequence[float] = (0, 0, 0, 0, 0)
    code: str = "200"
    flags: str = "-"
    grpc_status: str = ""
    reporter: str = "source"
    cluster: str = "east"
    namespace: str = "shop"
    registered: bool = True
    protocol: str = "http"
    messages: tuple[float, float] | None = None
    hours: Sequence[int] | None = None
    workload: str | None = None
    fields: dict[str, str] = field(default_factory=dict)

    def edge(self) -> tuple[str, ...]:
        host = f"{self.service}.{self.namespace}.svc.cluster.local"
        namespace = self.namespace if self.registered else "unknown"
        workload = self.workload or self.service
        return (
            *(self.cluster, self.reporter, self.source, self.namespace),
            *(host if self.registered else self.service, namespace, workload, namespace),
            self.protocol,
        )


def snapshot(calls: Sequence[Call], hours: int = 168, coverage: float = 1.0) -> Snapshot:
    """A snapshot that holds exactly these calls, hour by hour."""
    keys = list(dict.fromkeys(call.edge() for call in calls))
    number = {key: i for i, key in enumerate(keys)}
    edges = pd.DataFrame(keys, columns=list(frames.EDGE_KEYS))
    edges.insert(0, "edge", range(len(keys)))
    times = pd.date_range(START, periods=hours, freq="h")
    requests, latency, sums = [], [], []
    for call in calls:
        outcome = (call.code, call.flags, call.grpc_status)
        when = times if call.hours is None else times[list(call.hours)]
        total = float(sum(call.buckets))
        middle = [5.0, 55.0, 550.0, 5_500.0, 20_000.0]
        duration = float(np.dot(call.buckets, middle))
        for time in when:
            edge = number[call.edge()]
            requests.append((time, edge, *outcome, total))
            sums.append((time, edge, *outcome, duration, total))
            latency += [
                (time, edge, *outcome, gt, le, float(n))
                for gt, le, n in zip((0.0, *BOUNDS), BOUNDS, call.buckets, strict=False)
                if n
            ]
    messages = [(number[c.edge()], *c.messages) for c in calls if c.messages]
    cover = [(t, n, 60.0 * coverage, 60.0) for t in times for n in number.values()]
    return Snapshot(
        manifest=_manifest(hours, coverage),
        edges=_frame(frames.EDGES, edges),
        requests=_frame(frames.REQUESTS, requests),
        latency=_frame(frames.LATENCY, latency),
        latency_sum=_frame(frames.LATENCY_SUM, sums),
        messages=_frame(frames.MESSAGES, messages),
        coverage=_frame(frames.COVERAGE, cover),
        containers=frames.CONTAINERS.empty(),
    )


def _frame(spec: frames.FrameSpec, rows: object) -> pd.DataFrame:
    return spec.conform(pd.DataFrame(rows, columns=list(spec.columns)))


def _manifest(hours: int, coverage: float) -> Manifest:
    end = START + timedelta(hours=hours)
    window = Window(start=START, end=end, step_seconds=300, coarse_step_seconds=3600)
    source = Source(kind="simulation", coverage=coverage, scrape_interval_seconds=60)
    return Manifest(created_at=end, window=window, source=source)
