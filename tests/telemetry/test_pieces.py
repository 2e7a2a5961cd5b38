from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.catalogue import ENTRIES, promql
from observe.telemetry.days import DAY, days_of
from observe.telemetry.flavour import NAMES
from observe.telemetry.frames import ALL
from observe.telemetry.pieces import Piece

START = datetime(2026, 3, 2, tzinfo=UTC)


@given(
    st.integers(0, 400),
    st.integers(1, 700),
    st.integers(1, 900),
    st.sampled_from([300, 1200, 3600]),
)
def test_cutting_at_midnights_loses_no_step_and_mixes_no_part_of_a_day_with_another_day(
    offset: int, steps: int, longest: int, step: int
) -> None:
    piece = Piece(ENTRIES[0], START + timedelta(seconds=step * offset), step, steps)
    parts = list(piece.cut(longest))
    assert parts[0].start == piece.start
    assert parts[-1].end == piece.end
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert all(1 <= part.steps <= longest for part in parts)
    for part in parts:
        days = days_of(part.start, part.end)
        if len(days) > 1:  # whole days, but for the ends of the window
            assert part.start in (days[0], piece.start)
            assert part.end in (days[-1] + DAY, piece.end)


def test_cutting_takes_as_many_whole_days_as_fit() -> None:
    piece = Piece(ENTRIES[0], START + timedelta(hours=20), 3600, 4 + 7 * 24 + 5)
    assert [part.steps for part in piece.cut(52)] == [4 + 48, 48, 48, 24 + 5]
    assert [part.steps for part in piece.cut(12)][:4] == [4, 12, 12, 12]
    assert [part.steps for part in piece.cut(13)][:4] == [4, 12, 12, 12]


@given(st.integers(1, 500), st.integers(1, 600))
def test_splitting_loses_no_step(steps: int, longest: int) -> None:
    piece = Piece(ENTRIES[0], START, 300, steps)
    parts = list(piece.split(longest))
    assert sum(part.steps for part in parts) == steps
    assert max(part.steps for part in parts) <= longest
    assert parts[-1].end == piece.end


def test_a_step_is_evaluated_at_its_end() -> None:
    piece = Piece(ENTRIES[0], START, 300, 2)
    assert piece.first_evaluation == START + timedelta(minutes=5)
    assert piece.end == START + timedelta(minutes=10)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_entries_feed_a_frame_and_fill_every_placeholder(entry: object) -> None:
    assert entry.frame in {spec.name for spec in ALL}  # type: ignore[attr-defined]
    query = promql(entry, 3600, ("prometheus_replica",))  # type: ignore[arg-type]
    assert "$" not in query.replace('"$1"', "")
    of_a_moment = (
        "pods",
        "usage-pods",
        "envoy-exposed",
        "resources",
        "autoscalers",
        "istiod-states",
    )
    assert "[3600s]" in query or entry.name in of_a_moment  # type: ignore[attr-defined]
    assert entry.why and entry.unit  # type: ignore[attr-defined]


_WITHOUT_REPORTER = (
    "containers",
    "envoy",
    "usage",
    "resources",
    "restarts",
    "autoscalers",
    "istiod",
)


def test_reporters_are_never_summed() -> None:
    for entry in ENTRIES:
        one = entry.template.count('{reporter=~"destination"')
        chosen = one == entry.template.count("{") > 0 or entry.frame in _WITHOUT_REPORTER
        assert ("reporter" in entry.by) != chosen, entry.name


def test_every_metric_of_the_catalogue_is_looked_for() -> None:
    pattern = re.search(r'__name__=~"(.*)"', NAMES)
    assert pattern is not None
    for entry in ENTRIES:
        for metric in entry.metrics:
            assert re.fullmatch(pattern.group(1), metric)
