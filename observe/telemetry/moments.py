"""A few moments of a window in one cheap question.

A range query with a wide step reads every sample between its ends, however few of them it returns.
A selector with an offset reads what is around its moment, and nothing else; so a question about
several moments is one instant query that puts them side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import Labels, QueryResult

#: PromQL of one moment, made from the modifier that has to follow each of its selectors.
Moved = Callable[[str], str]
#: Label that tells the moments of an answer apart.
_AT = "observed_at"
#: Servers and proxies refuse longer ones (VictoriaMetrics: 16 KiB by default).
_LONGEST_QUERY = 8_000


def spread(start: datetime, end: datetime, count: int) -> list[datetime]:
    """Moments in whole seconds at equal distances, the last one at the end of the window."""
    step = (end - start) / count
    moments = [start + step * i for i in range(1, count + 1)]
    return sorted({max(start, moment.replace(microsecond=0)) for moment in moments})


def at_moments(client: PrometheusClient, query: Moved, moments: Sequence[datetime]) -> QueryResult:
    """Evaluate at each moment; the answer is that of a range query with these moments.

    Args:
        client: whom to ask.
        query: PromQL; every selector must be followed by the modifier that it is given.
        moments: moments with a zone, at least one.

    Raises:
        SourceError: no answer.
    """
    ordered = sorted(moments)
    answers = [client.instant(text, last) for text, last in _questions(query, ordered)]
    seconds = np.array([round(moment.timestamp()) for moment in ordered], dtype=np.int64)
    known: dict[frozenset[tuple[str, str]], int] = {}
    labels: list[Labels] = []
    series, moment_of, values = [], [], []
    for answer in answers:
        for found, value in zip(answer.labels, answer.values.tolist(), strict=True):
            own = {name: text for name, text in found.items() if name != _AT}
            number = known.setdefault(frozenset(own.items()), len(known))
            if number == len(labels):
                labels.append(own)
            series.append(number)
            moment_of.append(int(found[_AT]))
            values.append(value)
    at = seconds[np.array(moment_of, dtype=np.int64)] * 1000
    order = np.lexsort((at, np.array(series, dtype=np.int32)))
    return replace(
        answers[-1],
        labels=tuple(labels),
        series=np.array(series, dtype=np.int32)[order],
        times_ms=at[order],
        values=np.array(values, dtype=np.float64)[order],
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
        if terms and sum(map(len, terms)) + len(term) > _LONGEST_QUERY:
            yield " or ".join(terms), last
            last = ordered[number]
            terms = []
            term = _term(query, number, timedelta())
        terms.append(term)
    yield " or ".join(terms), last


def _term(query: Moved, number: int, back: timedelta) -> str:
    offset = f" offset {round(back.total_seconds())}s" if back else ""
    return f'label_replace({query(offset)}, "{_AT}", "{number}", "", "")'
