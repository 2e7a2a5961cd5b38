"""Pieces of the catalogue: one entry over a part of the window, small enough to be answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from observe.telemetry.catalogue import BUCKETS, REQUESTS, WORKING_SET, Entry
from observe.telemetry.steps import Steps

#: Prometheus refuses more than 11,000 points a series; some gateways stop at 10,000.
MAX_POINTS = 10_000
#: Values in one answer: about 60 MB of JSON.
MAX_VALUES = 2_000_000
#: Samples that the server reads for one query: some seconds of its time, far below its limit.
MAX_SAMPLES = 20_000_000
#: Number of series assumed where it is not known.
_UNKNOWN_SERIES = 1000
#: Entries whose own series were not counted, by the metric whose number bounds theirs.
_COUNTED_AS = {
    "latency": BUCKETS,
    "cpu": WORKING_SET,
    "cpu-throttled": WORKING_SET,
    "memory": WORKING_SET,
    "pods": WORKING_SET,
}


@dataclass(frozen=True)
class Piece:
    """An entry over whole steps.

    Attributes:
        entry: what is asked.
        start: start of the first step.
        step: seconds of a step.
        steps: number of steps, at least 1.
    """

    entry: Entry
    start: datetime
    step: int
    steps: int

    @property
    def end(self) -> datetime:
        """End of the last step."""
        return self.start + timedelta(seconds=self.step * self.steps)

    @property
    def first_evaluation(self) -> datetime:
        """End of the first step: a step's increase is known when it is over."""
        return self.start + timedelta(seconds=self.step)

    def split(self, longest: int) -> Iterator[Piece]:
        """The same span in pieces of at most `longest` steps."""
        for offset in range(0, self.steps, longest):
            start = self.start + timedelta(seconds=self.step * offset)
            yield replace(self, start=start, steps=min(longest, self.steps - offset))


def plan(
    entries: Sequence[Entry],
    steps: Steps,
    series: Mapping[str, int],
    scrape_seconds: float,
) -> list[Piece]:
    """Pieces of all entries, in the order of the catalogue and of time.

    Args:
        entries: what is asked.
        steps: window and steps.
        series: metric → number of series at one moment.
        scrape_seconds: scrape interval.
    """
    pieces: list[Piece] = []
    for entry in entries:
        seconds = steps.fine if entry.step == "fine" else steps.coarse
        whole = Piece(entry, steps.start, seconds, steps.count(seconds))
        number = series.get(_COUNTED_AS.get(entry.name, REQUESTS), _UNKNOWN_SERIES)
        pieces.extend(whole.split(_longest(number, seconds, scrape_seconds)))
    return pieces


def _longest(series: int, step: int, scrape_seconds: float) -> int:
    """The number of steps that stays within every limit, at least one."""
    samples_per_step = max(1.0, step / scrape_seconds)
    series = max(1, series)
    by_samples = int(MAX_SAMPLES / (series * samples_per_step))
    return max(1, min(MAX_POINTS, MAX_VALUES // series, by_samples))
