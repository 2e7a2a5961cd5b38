"""Tidy frames drawn straight from a truth, without any server in between."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.demo.draw import EdgeCounts, scraped_cells
from observe.demo.process import CELL_SECONDS
from observe.demo.stream import BOUNDS, Outcome
from observe.demo.truth import Truth
from observe.telemetry import frames

Floats = NDArray[np.float64]

_LOWER = np.concatenate(([0.0], BOUNDS[:-1]))


def edges_frame(counts: list[EdgeCounts]) -> pd.DataFrame:
    """The frame EDGES."""
    return frames.EDGES.conform(pd.DataFrame([_edge_row(c) for c in counts]))


def _edge_row(counts: EdgeCounts) -> dict[str, object]:
    client, service = counts.edge.client, counts.edge.service
    server = service.workload
    at_source = counts.reporter == "source"
    return {
        "edge": counts.number,
        "cluster": client.cluster if at_source else server.cluster,
        "reporter": counts.reporter,
        "source_workload": client.name if client.sidecar else "unknown",
        "source_namespace": client.namespace if client.sidecar else "unknown",
        "destination_service": service.host,
        "destination_service_namespace": server.namespace,
        "destination_workload": server.name,
        "destination_namespace": server.namespace,
        "protocol": service.protocol,
    }


def requests_frame(counts: list[EdgeCounts], start: pd.Timestamp) -> pd.DataFrame:
    """The frame REQUESTS, in steps of five minutes."""
    table = _Rows(start, CELL_SECONDS)
    for one in counts:
        for outcome, cells in one.requests.items():
            (at,) = np.nonzero(cells.ravel())
            table.add(one.number, outcome, at, requests=cells.ravel()[at])
    return frames.REQUESTS.conform(table.frame(("requests",)))


def latency_frame(counts: list[EdgeCounts], start: pd.Timestamp) -> pd.DataFrame:
    """The frame LATENCY, in steps of one hour."""
    table = _Rows(start, 3600)
    for one in counts:
        for outcome, cells in one.buckets.items():
            at, bucket = np.nonzero(cells)
            ends = {"gt": _LOWER[bucket], "le": BOUNDS[bucket]}
            table.add(one.number, outcome, at, **ends, requests=cells[at, bucket])
    return frames.LATENCY.conform(table.frame(("gt", "le", "requests")))


def latency_sum_frame(counts: list[EdgeCounts], start: pd.Timestamp) -> pd.DataFrame:
    """The frame LATENCY_SUM, in steps of one hour."""
    table = _Rows(start, 3600)
    for one in counts:
        for outcome, sums in one.sums.items():
            requests = one.buckets[outcome].sum(axis=1)
            (at,) = np.nonzero(requests)
            table.add(one.number, outcome, at, sum_ms=sums[at], requests=requests[at])
    return frames.LATENCY_SUM.conform(table.frame(("sum_ms", "requests")))


def messages_frame(counts: list[EdgeCounts]) -> pd.DataFrame:
    """The frame MESSAGES: gRPC edges only."""
    rows = [
        {
            "edge": one.number,
            "request_messages": requests * one.edge.service.request_messages,
            "response_messages": requests * one.edge.service.response_messages,
        }
        for one in counts
        if one.edge.service.protocol == "grpc"
        for requests in [sum(float(cells.sum()) for cells in one.requests.values())]
    ]
    return frames.MESSAGES.conform(pd.DataFrame(rows, columns=list(frames.MESSAGES.columns)))


def coverage_frame(
    truth: Truth,
    counts: list[EdgeCounts],
    hours: NDArray[np.int64],
    start: pd.Timestamp,
    scrape_interval: float,
) -> pd.DataFrame:
    """The frame COVERAGE: scrapes present and expected in each hour."""
    times = _times(start, 3600, np.arange(len(hours)))
    parts = []
    for one in counts:
        client, server = one.edge.client, one.edge.service.workload
        cluster = client.cluster if one.reporter == "source" else server.cluster
        seen = scraped_cells(truth, cluster, hours).sum(axis=1) * CELL_SECONDS / scrape_interval
        expected = 3600 / scrape_interval
        part = {"time": times, "edge": one.number, "samples": seen, "expected": expected}
        parts.append(pd.DataFrame(part))
    return frames.COVERAGE.conform(pd.concat(parts) if parts else frames.COVERAGE.empty())


class _Rows:
    """Collects columns piece by piece; outcomes become categories once, at the end."""

    def __init__(self, start: pd.Timestamp, step_seconds: int) -> None:
        self._start, self._step = start, step_seconds
        self._outcomes: dict[Outcome, int] = {}
        self._pieces: dict[str, list[NDArray[np.generic]]] = {}

    def add(self, edge: int, outcome: Outcome, at: NDArray[np.int64], **columns: Floats) -> None:
        code = self._outcomes.setdefault(outcome, len(self._outcomes))
        every: dict[str, NDArray[np.generic]] = {
            "at": at,
            "edge": np.full(len(at), edge, dtype=np.int32),
            "outcome": np.full(len(at), code, dtype=np.int32),
            **columns,
        }
        for name, values in every.items():
            self._pieces.setdefault(name, []).append(values)

    def frame(self, values: tuple[str, ...]) -> pd.DataFrame:
        names = ("at", "edge", "outcome", *values)
        joined: dict[str, NDArray[np.generic]] = {
            n: np.concatenate(self._pieces.get(n, [np.zeros(0)])) for n in names
        }
        code = joined["outcome"].astype(np.int64)
        columns: dict[str, object] = {
            "time": _times(self._start, self._step, joined["at"]),
            "edge": joined["edge"],
        }
        for column, field in zip(
            frames.OUTCOME_COLUMNS, ("code", "flags", "grpc_status"), strict=True
        ):
            words = [getattr(outcome, field) for outcome in self._outcomes]
            columns[column] = _categories(words, code)
        return pd.DataFrame(columns | {n: joined[n] for n in values})


def _categories(words: list[str], code: NDArray[np.int64]) -> pd.Categorical:
    known = sorted(set(words))
    lookup = np.array([known.index(word) for word in words], dtype=np.int64)
    codes = lookup[code] if len(words) else code
    return pd.Categorical.from_codes(codes, categories=pd.Index(known, dtype="str"))


def _times(start: pd.Timestamp, step: int, at: NDArray[np.generic]) -> pd.DatetimeIndex:
    offsets = at.astype(np.int64) * np.int64(step * 1_000_000_000)
    return pd.DatetimeIndex(np.int64(start.as_unit("ns").value) + offsets, tz="UTC")
