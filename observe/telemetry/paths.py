"""PromQL or remote read: which of both is quicker for what a plan asks.

PromQL sends little over the wire and lets the server work; remote read sends every sample and lets
us work, many times as fast. The rates are those of `benchmarks/collect.py`, rounded; they need not
be exact, for where they are close to each other either path will do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from observe.telemetry.catalogue import Entry
from observe.telemetry.pieces import Piece
from observe.telemetry.planner import PlannedEntry

#: Samples that a server evaluates, and values that it writes as JSON and we read, in a second.
_PROMQL_SAMPLES = 10e6
_PROMQL_VALUES = 400e3
#: Samples that are decoded and evaluated here in a second, and their size on the wire.
_RAW_SAMPLES = 25e6
_RAW_SAMPLE_BYTES = 2.7
#: Bytes in a second: on this machine, and over a network or a port-forward.
_LOOPBACK = 500e6
_NETWORK = 20e6
#: JSON over a network is compressed to about this share.
_COMPRESSED = 0.2
#: Rows of results that remote read may hold at once, in bytes.
_ROWS_BYTES = 256_000_000


@dataclass(frozen=True)
class Surroundings:
    """What the choice depends on besides the plan.

    Attributes:
        readable: whether an entry can be computed from raw samples.
        on_loopback: whether the server runs on this machine.
        scrape_seconds: scrape interval.
        start_seconds: what remote read costs once in a run, however little is read.
    """

    readable: Callable[[Entry], bool]
    on_loopback: bool
    scrape_seconds: float
    start_seconds: float


def promql_seconds(planned: PlannedEntry, on_loopback: bool) -> float:
    """Estimated time of a planned entry in PromQL, in seconds."""
    wire = planned.bytes / _LOOPBACK if on_loopback else planned.bytes * _COMPRESSED / _NETWORK
    return planned.samples / _PROMQL_SAMPLES + planned.values / _PROMQL_VALUES + wire


def raw_samples(planned: PlannedEntry, scrape_seconds: float) -> float:
    """Samples that remote read brings for a planned entry."""
    seconds = sum((span.end - span.start).total_seconds() for span in planned.spans)
    return planned.size.read * seconds / scrape_seconds


def raw_seconds(planned: PlannedEntry, around: Surroundings) -> float:
    """Estimated time of a planned entry through remote read, in seconds."""
    samples = raw_samples(planned, around.scrape_seconds)
    wire = _LOOPBACK if around.on_loopback else _NETWORK
    return samples / _RAW_SAMPLES + samples * _RAW_SAMPLE_BYTES / wire


def choose_paths(plan: Sequence[PlannedEntry], around: Surroundings) -> list[PlannedEntry]:
    """The plan with those entries read raw for which that is quicker, if it pays in all."""
    gains: Mapping[str, float] = {
        planned.entry.name: promql_seconds(planned, around.on_loopback)
        - raw_seconds(planned, around)
        for planned in plan
        if planned.path == "PromQL" and around.readable(planned.entry)
    }
    chosen = {name for name, gain in gains.items() if gain > 0}
    if sum(gains[name] for name in chosen) <= around.start_seconds:
        return list(plan)
    return [_raw(p, around) if p.entry.name in chosen else p for p in plan]


def raw_pieces(plan: Sequence[PlannedEntry]) -> list[Piece]:
    """What is read raw, cut at the same midnights for all, so that reads can be shared."""
    chosen = [planned for planned in plan if planned.path == "remote read" and planned.spans]
    per_day = sum(8 * p.size.returned * 86_400 / p.spans[0].step for p in chosen)
    days = max(1, int(_ROWS_BYTES / per_day)) if per_day else 1
    return [
        piece
        for planned in chosen
        for span in planned.spans
        for piece in span.cut(days * 86_400 // span.step)
    ]


def _raw(planned: PlannedEntry, around: Surroundings) -> PlannedEntry:
    samples = raw_samples(planned, around.scrape_seconds)
    return replace(
        planned,
        path="remote read",
        why=f"all samples in about {raw_seconds(planned, around):.1f} s, "
        f"PromQL in about {promql_seconds(planned, around.on_loopback):.1f} s",
        samples=int(samples),
        values=int(samples),
        bytes=int(samples * _RAW_SAMPLE_BYTES),
    )
