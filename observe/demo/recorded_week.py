"""What an edge tier's rules would have recorded of the simulated counters, computed with numpy.

History cannot be federated afterwards: the external tier is given these. The rules themselves say
what is summed by what (`telemetry.recorded.RECORDINGS`); tests hold the result against Prometheus's
own evaluation of the same expressions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from observe.demo.labels import Labels
from observe.demo.rates import Floats, Span, rates
from observe.demo.simulate import SeriesBlock
from observe.telemetry.recorded import (
    HEARTBEAT,
    RATE_SECONDS,
    RECORDINGS,
    SETTLE_SECONDS,
    Recording,
)
from observe.telemetry.templates import POD_NAMES

#: Rules are evaluated this long after a scrape: far from both of its neighbours, so that neither
#: a range of rates nor the five minutes that a gauge lives end beside a scrape.
EVALUATION_LAG_SECONDS = 28

_FORM = re.compile(r"(sum|max|count) by \(([^)]*)\) ")


@dataclass(frozen=True)
class Rule:
    """A recording rule taken apart.

    Attributes:
        aggregate: `sum`, `max` or `count`.
        by: labels that it keeps.
        counter: whether rates are aggregated, or the values themselves.
    """

    name: str
    source: str
    aggregate: str
    by: tuple[str, ...]
    counter: bool


def parsed(recording: Recording) -> Rule:
    """A rule of `RECORDINGS`, taken apart.

    Raises:
        ValueError: it has another form than all of them had when this was written.
    """
    found = _FORM.match(recording.expression)
    if found is None:
        raise ValueError(f"{recording.name} has a form that the demo cannot compute")
    by = tuple(found[2].split(", "))
    counter = "rate(" in recording.expression
    return Rule(recording.name, recording.source, found[1], by, counter)


RULES = tuple(parsed(recording) for recording in RECORDINGS)


@dataclass
class Recorder:
    """Computes block after block, in time order; keeps the last scrapes of each.

    Attributes:
        interval: seconds between two scrapes, more than `EVALUATION_LAG_SECONDS`; rules are
            evaluated once after each.
    """

    interval: int
    _before: dict[tuple[tuple[str, str], ...], Floats] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        """The range of the recorded rates over the scrapes."""
        after = EVALUATION_LAG_SECONDS - SETTLE_SECONDS
        scrapes = -(-(RATE_SECONDS - after) // self.interval)
        return Span(
            scrapes, self.interval, RATE_SECONDS - after - (scrapes - 1) * self.interval, after
        )

    def record(self, block: SeriesBlock, clusters: Sequence[str]) -> SeriesBlock:
        """What was recorded after each scrape of a block.

        Args:
            block: scrapes at even distances that go on where the block before ended.
            clusters: each has a heartbeat.
        """
        moments = block.timestamps_ms + 1000 * EVALUATION_LAG_SECONDS
        values = self._with_earlier(block)
        names = np.array([labels["__name__"] for labels in block.labels])
        labels: list[Labels] = []
        parts: list[Floats] = []
        for rule in RULES:
            rows = np.flatnonzero(names == rule.source)
            if len(rows):
                more, part = self._aggregated(rule, [block.labels[i] for i in rows], values[rows])
                labels += more
                parts.append(part)
        labels += [{"__name__": HEARTBEAT, "cluster": cluster} for cluster in clusters]
        parts.append(np.tile(moments / 1000, (len(clusters), 1)))
        return SeriesBlock(labels, moments, np.concatenate(parts))

    def _with_earlier(self, block: SeriesBlock) -> Floats:
        """Values with the last scrapes of the block before in front of them."""
        earlier = self.span.scrapes - 1
        keys = [tuple(sorted(labels.items())) for labels in block.labels]
        unknown = np.full(earlier, np.nan)
        front = np.stack([self._before.get(key, unknown) for key in keys])
        values = np.concatenate([front, block.values], axis=1)
        # Series that are in no block any more are gone: their pods ended with the block before.
        self._before = dict(zip(keys, values[:, -earlier:].copy(), strict=True))
        return values

    def _aggregated(
        self, rule: Rule, labels: Sequence[Labels], values: Floats
    ) -> tuple[list[Labels], Floats]:
        each = rates(values, self.span) if rule.counter else _last(values, self.span.scrapes)
        keys: dict[tuple[str, ...], int] = {}
        group = np.array([keys.setdefault(_key(one, rule.by), len(keys)) for one in labels])
        kept: list[Labels] = [
            {"__name__": rule.name} | dict(zip(rule.by, key, strict=True)) for key in keys
        ]
        return kept, grouped(each, group, rule.aggregate)


def grouped(values: Floats, group: NDArray[np.int64], aggregate: str) -> Floats:
    """Sum, maximum or count of the rows of each group; NaN where none has a value.

    Args:
        values: shape (N, T).
        group: shape (N,): 0 ... G - 1, each at least once.
        aggregate: `sum`, `max` or `count`.

    Returns:
        Shape (G, T).
    """
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(group.max() + 1))
    values = values[order]
    present = ~np.isnan(values)
    count = np.add.reduceat(present, starts, axis=0, dtype=np.float64)
    if aggregate == "count":
        found = count
    elif aggregate == "sum":
        found = np.add.reduceat(np.where(present, values, 0.0), starts, axis=0)
    else:
        found = np.maximum.reduceat(np.where(present, values, -np.inf), starts, axis=0)
    result: Floats = np.where(count > 0, found, np.nan)
    return result


def _last(values: Floats, scrapes: int) -> Floats:
    """A gauge's newest value of five minutes, which is how long Prometheus believes it."""
    moments = values.shape[1] - scrapes + 1
    found = np.full((len(values), moments), np.nan)
    for place in range(scrapes):
        column = values[:, place : place + moments]
        found = np.where(np.isnan(column), found, column)
    return found


def _key(labels: Labels, by: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        workload_of(labels.get("pod", "")) if name == "workload" else labels.get(name, "")
        for name in by
    )


def workload_of(pod: str) -> str:
    """The workload that the shape of a pod's name tells; the most specific shape counts."""
    found = pod
    for shape in POD_NAMES:
        match = re.fullmatch(shape, pod)
        found = match[1] if match else found
    return found
