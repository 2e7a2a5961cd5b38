"""A few moments of a window in one cheap question.

A range query with a wide step reads every sample between its ends, however few of them it returns.
A selector with an offset reads what is around its moment, and nothing else; so a question about
several moments is one instant query that puts them side by side. Only where there are few samples
between the moments a range query costs less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import Labels, QueryResult

#: PromQL of one moment, made from the modifier that has to follow each of its selectors.
Moved = Callable[[str], str]
_OR = " or "
#: Label that tells the moments of an answer apart.
_AT = "observed_at"
#: Servers and proxies refuse longer ones (VictoriaMetrics: 16 KiB by default).
_LONGEST_QUERY = 8_000
#: Looking for a series costs a server about as much as reading so many samples of it.
_SAMPLES_A_LOOK = 350


def spread(start: datetime, end: datetime, count: int) -> list[datetime]:
    """Moments in whole seconds at equal distances, the last one at the end of the window."""
    moments = [start + (end - start) * i / count for i in range(1, count + 1)]
    return sorted({max(start, moment.replace(microsecond=0)) for moment in moments})


def at_moments(
    client: PrometheusClient,
    query: Moved,
    moments: Sequence[datetime],
    scrape_seconds: float | None = None,
) -> QueryResult:
    """Evaluate at each moment; the answer is that of a range query with these moments.

    Args:
        client: whom to ask.
        query: PromQL; every selector must be followed by the modifier that it is given.
        moments: moments with a zone, at least one.
        scrape_seconds: distance of samples, where it is known.

    Raises:
        SourceError: no answer.
    """
    ordered = sorted(moments)
    step = _common_step(ordered)
    if scrape_seconds and step and step < _SAMPLES_A_LOOK * scrape_seconds:
        return client.range(query(""), ordered[0], ordered[-1], step)
    return _side_by_side(client, query, ordered)


def _common_step(ordered: Sequence[datetime]) -> int:
    """Seconds between neighbours; 0 unless all are as far apart."""
    steps = {(later - earlier).total_seconds() for earlier, later in pairwise(ordered)}
    return int(steps.pop()) if len(steps) == 1 else 0


def _side_by_side(
    client: PrometheusClient, query: Moved, ordered: Sequence[datetime]
) -> QueryResult:
    answers = [client.instant(text, last) for text, last in _questions(query, ordered)]
    seconds = [round(moment.timestamp()) for moment in ordered]
    known: dict[frozenset[tuple[str, str]], int] = {}
    labels: list[Labels] = []
    samples: list[tuple[int, int, float]] = []
    for answer in answers:
        for found, value in zip(answer.labels, answer.values.tolist(), strict=True):
            own = {name: text for name, text in found.items() if name != _AT}
            number = known.setdefault(frozenset(own.items()), len(known))
            if number == len(labels):
                labels.append(own)
            samples.append((number, seconds[int(found[_AT])] * 1000, value))
    samples.sort(key=lambda sample: sample[:2])
    return replace(
        answers[-1],
        labels=tuple(labels),
        series=np.array([number for number, _, _ in samples], dtype=np.int32),
        times_ms=np.array([time_ms for _, time_ms, _ in samples], dtype=np.int64),
        values=np.array([value for _, _, value in samples], dtype=np.float64),
        warnings=tuple(dict.fromkeys(w for answer in answers for w in answer.warnings)),
        infos=tuple(dict.fromkeys(i for answer in answers for i in answer.infos)),
        bytes=sum(answer.bytes for answer in answers),
        seconds=sum(answer.seconds for answer in answers),
        partial=any(answer.partial for answer in answers),
    )


def moment_of(time_ms: int) -> datetime:
    """The moment of a sample."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _questions(query: Moved, ordered: Sequence[datetime]) -> Iterator[tuple[str, datetime]]:
    """Queries of bearable length, latest moments first, each with the moment of its evaluation."""
    terms: list[str] = []
    last = ordered[-1]
    for number in reversed(range(len(ordered))):
        term = _term(query, number, last - ordered[number])
        if terms and len(_OR.join([*terms, term])) > _LONGEST_QUERY:
            yield _OR.join(terms), last
            last = ordered[number]
            terms = []
            term = _term(query, number, timedelta())
        terms.append(term)
    yield _OR.join(terms), last


def _term(query: Moved, number: int, back: timedelta) -> str:
    offset = f" offset {round(back.total_seconds())}s" if back else ""
    return f'label_replace({query(offset)}, "{_AT}", "{number}", "", "")'
