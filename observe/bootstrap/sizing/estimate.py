"""What a stack needs for a mesh of some size: series, samples, disk, memory, CPU."""

from __future__ import annotations

import re
from collections.abc import Mapping

from observe.bootstrap.sizing import constants as cost
from observe.bootstrap.sizing.counts import MeshCounts
from observe.bootstrap.sizing.series import (
    OWN_SERIES,
    TARGET_SERIES,
    SeriesCounts,
    edge_series,
    federated_health,
    judged_series,
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
    arrived = sum(series.recorded for series in edges) * stack.edge.replicas
    judged = sum(judged_series(one, stack) for one in each)
    health = len(edges) * federated_health(stack)
    return Sizing(edge=_edge(largest, stack), external=_external(arrived, judged, health, stack))


def _of_cluster(counts: MeshCounts | Mapping[str, MeshCounts], name: str) -> MeshCounts:
    if isinstance(counts, MeshCounts):
        return counts
    if name not in counts:
        raise InputError(f"cluster {name} was not counted", "name a Prometheus for each cluster")
    return counts[name]


def _edge(series: SeriesCounts, stack: Stack) -> TierSize:
    return _size(
        scraped=series.scraped + series.own,
        recorded=series.recorded,
        raw=(series.scraped + series.own) / stack.edge.scrape_seconds,
        rates=series.recorded / stack.edge.evaluation_seconds,
        retention=stack.edge.retention,
    )


def _external(arrived: int, judged: int, health: int, stack: Stack) -> TierSize:
    """Of the external tier: what arrived, what its own rules make of it, how edges fare."""
    own = OWN_SERIES + TARGET_SERIES * (len(stack.clusters) + 1)
    asked = stack.external.federation_seconds
    return _size(
        scraped=own,
        recorded=arrived + judged + health,
        raw=own / asked + health / max(stack.edge.scrape_seconds, asked),
        rates=(arrived + judged) / stack.edge.evaluation_seconds,
        retention=stack.external.retention,
    )


def _size(*, scraped: int, recorded: int, raw: float, rates: float, retention: str) -> TierSize:
    """A server of so many series, and so many samples a second of each kind."""
    blocks = raw * cost.RAW_BYTES_PER_SAMPLE + rates * cost.RECORDED_BYTES_PER_SAMPLE
    memory = scraped * cost.SCRAPED_MEMORY_BYTES + recorded * cost.RECORDED_MEMORY_BYTES
    return TierSize(
        series=scraped + recorded,
        samples_per_second=round(raw + rates, 3),
        disk_bytes=round(
            blocks * _seconds(retention)
            + head_bytes(scraped + recorded, (raw + rates) * cost.HEAD_SECONDS)
        ),
        memory_bytes=round(cost.BASE_MEMORY_BYTES + memory),
        cpu_cores=round(
            cost.BASE_CORES + raw * cost.SCRAPED_CORES + rates * cost.RECORDED_CORES, 4
        ),
    )


def head_bytes(series: int, samples: float) -> float:
    """Bytes on disk of what is in no block yet."""
    return series * cost.HEAD_BYTES_PER_SERIES + samples * cost.HEAD_BYTES_PER_SAMPLE


def _seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([hdwy])", text).groups()  # type: ignore[union-attr]
    return int(number) * _SECONDS[unit]
