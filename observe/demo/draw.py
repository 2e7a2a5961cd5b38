"""One sample of what the proxies of a mesh count, per five minutes and per hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from observe.demo.process import streams
from observe.demo.rhythm import CELLS
from observe.demo.stream import BOUNDS, Outcome, Stream
from observe.demo.truth import Edge, Truth

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EdgeCounts:
    """What one reporter counted on one edge.

    Attributes:
        requests: outcome → requests per five minutes, shape (H, 12).
        buckets: outcome → requests per hour and bucket, shape (H, B).
        sums: outcome → total duration in ms per hour, shape (H,).
        drawn: the streams that were counted, each with its requests per five minutes.
    """

    number: int
    edge: Edge
    reporter: str
    requests: dict[Outcome, Floats]
    buckets: dict[Outcome, Floats]
    sums: dict[Outcome, Floats]
    drawn: list[tuple[Stream, Floats]] = field(default_factory=list)


def draw(truth: Truth, seed: int, hours: NDArray[np.int64]) -> Iterator[EdgeCounts]:
    """One sample of the mesh's counts, edge after edge; each edge has its own random stream."""
    for index, edge in enumerate(truth.edges):
        rng = np.random.default_rng([seed, index])
        source = EdgeCounts(2 * index, edge, "source", {}, {}, {})
        destination = EdgeCounts(2 * index + 1, edge, "destination", {}, {}, {})
        scraped = {c: scraped_cells(truth, c, hours) for c in _clusters(edge)}
        for stream in streams(truth, edge, hours):
            counts = rng.poisson(stream.expected).astype(np.float64)
            seen = counts * scraped[edge.client.cluster]
            _add(source, stream.outcome, seen, stream, rng)
            source.drawn.append((stream, seen))
            for one in stream.served:
                seen = counts * scraped[edge.service.workload.cluster]
                _put(destination.requests, one.server_outcome or one.outcome, seen)
                destination.drawn.append((one, seen))
        if edge.client.sidecar:
            yield source
        if edge.service.workload.sidecar:
            yield destination


def _clusters(edge: Edge) -> set[str]:
    return {edge.client.cluster, edge.service.workload.cluster}


def scraped_cells(truth: Truth, cluster: str, hours: NDArray[np.int64]) -> Floats:
    """1 for every five minutes in which a cluster is scraped, 0 in a gap, shape (H, 12)."""
    at = hours[:, None] + np.arange(CELLS) / CELLS
    seen = np.ones(at.shape)
    for gap in truth.gaps:
        if gap.cluster == cluster:
            seen[(at >= gap.start_hour - 1e-9) & (at < gap.start_hour + gap.hours - 1e-9)] = 0.0
    return seen


def _add(
    counts: EdgeCounts, outcome: Outcome, seen: Floats, stream: Stream, rng: np.random.Generator
) -> None:
    probability, mean = stream.buckets(BOUNDS)
    drawn = rng.multinomial(seen.sum(axis=1).astype(np.int64), probability).astype(np.float64)
    _put(counts.requests, outcome, seen)
    _put(counts.buckets, outcome, drawn)
    _put(counts.sums, outcome, (drawn * mean).sum(axis=1))


def _put(table: dict[Outcome, Floats], outcome: Outcome, values: Floats) -> None:
    table[outcome] = table[outcome] + values if outcome in table else values
