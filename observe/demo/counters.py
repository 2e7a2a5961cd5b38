"""Running totals of a mesh's proxies, one day at a time: what a scrape would have read.

Requests arrive as a Poisson process per scrape interval, each picks one of the client's pods, one
of the server's pods and one bucket. The durations of a bucket add up to its expected sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from observe.demo.labels import Labels, istio_labels
from observe.demo.pods import Pod, pods_of
from observe.demo.process import CELL_SECONDS, streams
from observe.demo.stream import BOUNDS, SERVER_SHARE, Outcome, Stream
from observe.demo.truth import Edge, Truth, Workload

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]
#: Reporter and outcome → increments of shape (slots, metrics, T).
Increments = dict[tuple[str, Outcome], Floats]

#: Rows of a proxy's block: one per bucket, then sum, count and requests, then gRPC messages.
BUCKET_ROWS = len(BOUNDS)
SUM_ROW, COUNT_ROW, REQUESTS_ROW = BUCKET_ROWS, BUCKET_ROWS + 1, BUCKET_ROWS + 2
_HTTP_ROWS = BUCKET_ROWS + 3
_HISTOGRAM = "istio_request_duration_milliseconds"

#: Days of traffic that counters of pods older than the window start with.
_EARLIER_DAYS = 3


@dataclass
class Running:
    """Where the counters of one slot stand: of which pod, and at what."""

    pod: str
    totals: Floats


class Counters:
    """The state of all series about one mesh; ask for its days in order.

    Args:
        truth: the mesh, told when its window starts.
        seed: of the sampling.
        interval: scrape interval in seconds; divides 300.
    """

    def __init__(self, truth: Truth, seed: int, interval: int) -> None:
        self._truth = truth
        self._seed = seed
        self._interval = interval
        self._running: dict[tuple[int, str, int, Outcome], Running] = {}

    def start(self) -> tuple[list[Labels], Floats]:
        """Labels and values, shape (N, 1), of the scrape before the window."""
        for index, edge in enumerate(self._truth.edges):
            for (reporter, outcome), drawn in self._draw(index, _earlier(edge), 0, -1).items():
                owner = _owner(edge, reporter)
                for slot, rows in enumerate(drawn):
                    pod = pods_of(owner, slot)[0]
                    totals = rows.sum(axis=-1) * _EARLIER_DAYS
                    key = (index, reporter, slot, outcome)
                    self._running[key] = Running(pod.name, totals)
        return self._values(lambda index, edge: {}, 0, 1)

    def day(self, day: int) -> tuple[list[Labels], Floats]:
        """Labels and values, shape (N, T), of all series that exist during a day (0, 1, ...)."""

        def increments(index: int, edge: Edge) -> Increments:
            return self._draw(index, edge, day, day)

        return self._values(increments, day, 86_400 // self._interval)

    def _values(
        self, increments: Callable[[int, Edge], Increments], day: int, steps: int
    ) -> tuple[list[Labels], Floats]:
        labels: list[Labels] = []
        values: list[Floats] = []
        for index, edge in enumerate(self._truth.edges):
            drawn = increments(index, edge)
            known = {(r, o) for i, r, _, o in self._running if i == index}
            for reporter, outcome in sorted(known | set(drawn), key=str):
                owner = _owner(edge, reporter)
                rows = drawn.get((reporter, outcome))
                if rows is None:
                    rows = np.zeros((owner.replicas, _rows_of(edge), steps))
                for slot in range(owner.replicas):
                    key = (index, reporter, slot, outcome)
                    for pod, block in self._follow(key, owner, rows[slot], day):
                        self._hide_gaps(block, owner.cluster, day)
                        labels += _series(istio_labels(edge, reporter, outcome, pod), len(block))
                        values.append(block)
        return labels, np.concatenate(values) if values else np.zeros((0, steps))

    def _follow(
        self, key: tuple[int, str, int, Outcome], owner: Workload, rows: Floats, day: int
    ) -> list[tuple[Pod, Floats]]:
        """Totals of the pods that live in a slot during a day, NaN while they do not exist."""
        found = []
        for pod in pods_of(owner, key[2]):
            first, end = self._step(pod.first_hour, day), self._step(pod.end_hour, day)
            first, end = max(0, first), min(rows.shape[1], end)
            if first >= end:
                continue
            before = self._running.get(key)
            base = before.totals if before and before.pod == pod.name else np.zeros(len(rows))
            totals = base[:, None] + np.cumsum(rows[:, first:end], axis=1)
            self._running[key] = Running(pod.name, totals[:, -1])
            unseen = totals[REQUESTS_ROW] <= 0  # Envoy creates a series when it first counts
            if unseen.all():
                continue
            block = np.full(rows.shape, np.nan)
            block[:, first:end] = np.where(unseen, np.nan, totals)
            np.rint(block[SUM_ROW], out=block[SUM_ROW])
            found.append((pod, block))
        return found

    def _step(self, hour: float, day: int) -> int:
        """Position within a day's scrapes of an hour of the window."""
        step = (hour - 24 * day) * 3600 / self._interval + 1e-9
        return math.floor(min(max(step, -1.0), 1e9))

    def _hide_gaps(self, block: Floats, cluster: str, day: int) -> None:
        for gap in self._truth.gaps:
            if gap.cluster == cluster:
                first, end = (
                    self._step(gap.start_hour, day),
                    self._step(gap.start_hour + gap.hours, day),
                )
                block[:, max(0, first) : max(0, end)] = np.nan

    def _draw(self, index: int, edge: Edge, day: int, stream_day: int) -> Increments:
        """What the proxies of one edge count in each scrape interval of a day."""
        rng = np.random.default_rng([self._seed, index, stream_day + 1])
        hours = np.arange(24, dtype=np.int64) + 24 * day
        found: Increments = {}
        for stream in streams(self._truth, edge, hours):
            per_cell = CELL_SECONDS // self._interval
            rate = np.repeat(stream.expected / per_cell, per_cell, axis=1)
            requests = rng.poisson(rate)
            if edge.client.sidecar:
                key = ("source", stream.outcome)
                _merge(found, key, _split(rng, stream, edge, requests, "source"))
            for one in stream.served if edge.service.workload.sidecar else ():
                key = ("destination", one.server_outcome or one.outcome)
                _merge(found, key, _split(rng, one, edge, requests, "destination"))
        return found


def _earlier(edge: Edge) -> Edge:
    """The same calls before the window, when nothing special had happened yet."""
    failures = tuple(f for f in edge.service.failures if not f.active)
    processes = tuple(p for p in edge.service.processes if not p.active)
    calm = replace(edge.service, failures=failures, processes=processes, incidents=())
    return replace(edge, service=calm)


def _split(
    rng: np.random.Generator,
    stream: Stream,
    edge: Edge,
    requests: NDArray[np.int64],
    reporter: str,
) -> Floats:
    """Share requests (hours, steps) out over pods and buckets: (slots, metrics, T)."""
    owner = _owner(edge, reporter)
    slots = owner.replicas
    shares = edge.client.shares if reporter == "source" else stream.hosts
    probability, mean = stream.buckets(BOUNDS, 1.0 if reporter == "source" else SERVER_SHARE)
    by_slot = rng.multinomial(requests, shares or np.full(slots, 1 / slots))
    counts = rng.multinomial(by_slot, probability[:, None, None, :]).astype(np.float64)
    sums = (counts * mean[:, None, None, :]).sum(axis=-1)
    rows = np.zeros((slots, _rows_of(edge), requests.size))
    by_time = counts.transpose(2, 3, 0, 1).reshape(slots, BUCKET_ROWS, -1)
    np.cumsum(by_time, axis=1, out=rows[:, :BUCKET_ROWS])
    rows[:, SUM_ROW] = sums.transpose(2, 0, 1).reshape(slots, -1)
    rows[:, COUNT_ROW] = rows[:, REQUESTS_ROW] = rows[:, BUCKET_ROWS - 1]
    if edge.service.protocol == "grpc":
        served = rows[:, REQUESTS_ROW]
        rows[:, _HTTP_ROWS] = np.rint(served * edge.service.request_messages)
        rows[:, _HTTP_ROWS + 1] = np.rint(served * edge.service.response_messages)
    return rows


def _merge(found: Increments, key: tuple[str, Outcome], rows: Floats) -> None:
    found[key] = found[key] + rows if key in found else rows


def _owner(edge: Edge, reporter: str) -> Workload:
    return edge.client if reporter == "source" else edge.service.workload


def _rows_of(edge: Edge) -> int:
    return _HTTP_ROWS + (2 if edge.service.protocol == "grpc" else 0)


def _series(labels: Labels, rows: int) -> list[Labels]:
    """One label set per row of a block."""
    buckets = [labels | {"__name__": f"{_HISTOGRAM}_bucket", "le": _le(bound)} for bound in BOUNDS]
    names = (
        f"{_HISTOGRAM}_sum",
        f"{_HISTOGRAM}_count",
        "istio_requests_total",
        "istio_request_messages_total",
        "istio_response_messages_total",
    )
    others = [labels | {"__name__": name} for name in names[: rows - BUCKET_ROWS]]
    return buckets + others


def _le(bound: float) -> str:
    return "+Inf" if np.isinf(bound) else f"{bound:g}" if bound < 1e6 else f"{bound:.0f}"
