from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.days import DAY, by_day, days_of, spans_without, whole_days
from observe.telemetry.decode import QueryResult
from observe.telemetry.pieces import Piece

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_whole_days_lie_inside_the_window() -> None:
    assert whole_days(MONDAY, MONDAY + 2 * DAY) == [MONDAY, MONDAY + DAY]
    assert whole_days(MONDAY + HOUR, MONDAY + 2 * DAY - HOUR) == []
    assert whole_days(MONDAY - HOUR, MONDAY + DAY + HOUR) == [MONDAY]
    assert whole_days(MONDAY + HOUR, MONDAY + 2 * HOUR) == []


def test_days_that_a_span_touches() -> None:
    assert days_of(MONDAY, MONDAY + DAY) == [MONDAY]
    assert days_of(MONDAY - HOUR, MONDAY + HOUR) == [MONDAY - DAY, MONDAY]


def test_neighbouring_days_that_are_not_known_are_one_span() -> None:
    window = (MONDAY - HOUR, MONDAY + 3 * DAY)
    assert spans_without(*window, set()) == [window]
    assert spans_without(*window, {MONDAY + DAY}) == [
        (MONDAY - HOUR, MONDAY + DAY),
        (MONDAY + 2 * DAY, MONDAY + 3 * DAY),
    ]


def test_an_answer_is_taken_apart_at_midnight_and_series_without_samples_are_left_out() -> None:
    piece = Piece(ENTRIES[0], MONDAY - 2 * HOUR, 3600, 4)
    ends = [round((MONDAY + i * HOUR).timestamp() * 1000) for i in (-1, 0, 1, 2)]
    result = QueryResult(
        labels=({"a": "both"}, {"a": "late"}),
        series=np.array([0, 0, 0, 0, 1], dtype=np.int32),
        times_ms=np.array([*ends, ends[3]]),
        values=np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
    )
    (first, before), (second, after) = by_day(piece, result)
    assert (first.start, first.steps) == (MONDAY - 2 * HOUR, 2)
    assert (second.start, second.steps) == (MONDAY, 2)
    assert before.labels == ({"a": "both"},)
    assert before.values.tolist() == [1, 2]  # the step that ends at midnight belongs to its day
    assert after.labels == ({"a": "both"}, {"a": "late"})
    assert after.values.tolist() == [3, 4, 5]
