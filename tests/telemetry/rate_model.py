"""`rate()` as Prometheus computes it, over pods that come, restart and go; pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SCRAPE, EVALUATION, SPAN, SETTLE = 15.0, 60.0, 300.0, 10.0
Sample = tuple[float, float]


@dataclass(frozen=True)
class History:
    """One pod: a counter that grows steadily and begins at 0 with each start.

    Attributes:
        phase: moment of its first possible scrape, 0-15 s.
        starts: when its process starts, sorted; the last moment is that of its end.
        per_second: requests a second.
    """

    phase: float
    starts: tuple[float, ...]
    per_second: float

    @property
    def served(self) -> float:
        """Requests in all."""
        return self.per_second * (self.starts[-1] - self.starts[0])

    def samples(self) -> list[Sample]:
        """What scraping sees."""
        found = []
        for begin, end in pairwise(self.starts):
            number = -int((self.phase - begin) // SCRAPE)
            while (at := self.phase + number * SCRAPE) < end:
                if at >= begin:
                    found.append((at, self.per_second * (at - begin)))
                number += 1
        return found


def increase(samples: Sequence[Sample], start: float, end: float) -> float:
    """What `increase` makes of the samples from start to end, extrapolation included."""
    inside = [(at, value) for at, value in samples if start <= at <= end]
    if len(inside) < 2:
        return 0.0
    (first, first_value), (last, last_value) = inside[0], inside[-1]
    grown = last_value - first_value
    grown += sum(before for (_, before), (_, after) in pairwise(inside) if after < before)
    sampled = last - first
    between = sampled / (len(inside) - 1)
    to_start, to_end = first - start, end - last
    if grown > 0 and first_value >= 0:
        to_start = min(to_start, sampled * first_value / grown)
    near = between * 1.1
    to_start, to_end = (far if far < near else between / 2 for far in (to_start, to_end))
    return grown * (sampled + to_start + to_end) / sampled


def recorded_total(histories: Sequence[History], end: float, phase: float) -> float:
    """What the federated reading makes of them: rates at each evaluation, times the distance."""
    total = 0.0
    for samples in [history.samples() for history in histories]:
        at = phase
        while at <= end:
            moment = at - SETTLE
            total += increase(samples, moment - SPAN, moment) / SPAN * EVALUATION
            at += EVALUATION
    return total


def counted_total(histories: Sequence[History], end: float) -> float:
    """What the reading of counters makes of them: increases of steps of five minutes."""
    steps = int(end // SPAN)
    return sum(
        increase(samples, step * SPAN, (step + 1) * SPAN)
        for samples in [history.samples() for history in histories]
        for step in range(steps)
    )


def summed_total(histories: Sequence[History], end: float) -> float:
    """What the documented way makes of them: the increase of the sum of counters."""
    moments = [EVALUATION * n for n in range(int(end // EVALUATION))]
    everyone = [history.samples() for history in histories]
    sums = [(at, sum(_seen(samples, at) for samples in everyone)) for at in moments]
    return increase([s for s in sums if s[1] > 0], 0, end)


def _seen(samples: Sequence[Sample], at: float) -> float:
    """The counter at a moment; nothing once a scrape has found the pod gone."""
    return next((value for when, value in reversed(samples) if at - SCRAPE < when <= at), 0.0)
