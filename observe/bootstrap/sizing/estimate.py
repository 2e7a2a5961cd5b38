"""What a stack needs for a mesh of some size: series, samples, disk, memory, CPU."""

from __future__ import annotations

import re
from collections.abc import Mapping

from observe.bootstrap.sizing import constants as cost
from observe.bootstrap.sizing.counts import MeshCounts
from observe.bootstrap.sizing.series import (
    OWN_SERIES,
    SeriesCounts,
    edge_series,
    federated_health,
)
from observe.bootstrap.stack import Stack
from observe.documents import CamelModel
from observe.errors import InputError

_SECONDS = {"h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


class TierSize(CamelModel):
    """What one server needs.

    Attributes:
        series: series in memory at a time.
        samples_per_second: samples stored a second.
        disk_bytes: blocks of the whole retention, write-ahead log and head.
        memory_bytes: resident memory.
        cpu_cores: cores, on average.
    """

    series: int
    samples_per_second: float
    disk_bytes: int
    memory_bytes: int
    cpu_cores: float


class Sizing(CamelModel):
    """Both tiers; `edge` is the largest of the edge tiers, one server of a pair."""

    edge: TierSize
    external: TierSize


def estimate(counts: MeshCounts | Mapping[str, MeshCounts], stack: Stack) -> Sizing:
    """Sizes of both tiers.

    Args:
        counts: of each cluster by its name, or of every cluster alike.
        stack: clusters, intervals, retentions, what is kept.

    Raises:
        InputError: a cluster of the stack was not counted.
    """
    each = [_of_cluster(counts, cluster.name) for cluster in stack.clusters]
    edges = [edge_series(one, stack) for one in each]
    largest = max(edges, key=lambda series: series.total)
    recorded = sum(series.recorded for series in edges) * stack.edge.replicas
    health = len(edges) * federated_health(stack)
    return Sizing(edge=_edge(largest, stack), external=_external(recorded, health, stack))


def _of_cluster(counts: MeshCounts | Mapping[str, MeshCounts], name: str) -> MeshCounts:
    if isinstance(counts, MeshCounts):
        return counts
    if name not in counts:
        raise InputError(f"cluster {name} was not counted", "name a Prometheus for each cluster")
    return counts[name]


def _edge(series: SeriesCounts, stack: Stack) -> TierSize:
    raw = (series.scraped + series.own) / stack.edge.scrape_seconds
    recorded = series.recorded / stack.edge.evaluation_seconds
    return _size(series.total, raw, recorded, _retention(stack.edge.retention))


def _external(recorded: int, health: int, stack: Stack) -> TierSize:
    scrapes = stack.external.federation_seconds
    targets = 5 * (len(stack.clusters) + 1)
    raw = (OWN_SERIES + targets) / scrapes + health / max(stack.edge.scrape_seconds, scrapes)
    samples = recorded / stack.edge.evaluation_seconds
    total = recorded + health + OWN_SERIES + targets
    return _size(total, raw, samples, _retention(stack.external.retention))


def _size(series: int, raw: float, recorded: float, retention_seconds: int) -> TierSize:
    samples = raw + recorded
    blocks = raw * cost.RAW_BYTES_PER_SAMPLE + recorded * cost.RECORDED_BYTES_PER_SAMPLE
    head = samples * cost.HEAD_BYTES_PER_SAMPLE * cost.HEAD_SECONDS
    return TierSize(
        series=series,
        samples_per_second=round(samples, 3),
        disk_bytes=round(blocks * retention_seconds + head),
        memory_bytes=round(cost.BASE_MEMORY_BYTES + series * cost.MEMORY_BYTES_PER_SERIES),
        cpu_cores=round(cost.BASE_CORES + samples * cost.CPU_SECONDS_PER_SAMPLE, 4),
    )


def _retention(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([hdwy])", text).groups()  # type: ignore[union-attr]
    return int(number) * _SECONDS[unit]
