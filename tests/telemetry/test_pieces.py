from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.catalogue import BUCKETS, ENTRIES, REQUESTS, WORKING_SET, promql
from observe.telemetry.flavour import NAMES
from observe.telemetry.frames import ALL
from observe.telemetry.pieces import MAX_POINTS, MAX_SAMPLES, MAX_VALUES, Piece, plan
from observe.telemetry.steps import Steps

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = Steps(START, START + timedelta(days=7), 300, 3600)


def test_a_small_mesh_is_asked_in_one_query_an_entry() -> None:
    pieces = plan(ENTRIES, WEEK, {REQUESTS: 80, BUCKETS: 400, WORKING_SET: 60}, 15)
    assert len(pieces) == len(ENTRIES) <= 10
    assert all(p.start == WEEK.start and p.end == WEEK.end for p in pieces)


@given(st.integers(1, 10**6), st.integers(1, 60), st.sampled_from([5, 15, 60]))
def test_pieces_cover_the_window_once_and_stay_within_the_limits(
    series: int, days: int, scrape: int
) -> None:
    steps = Steps(START, START + timedelta(days=days), 300, 3600)
    pieces = plan(ENTRIES[:1], steps, {REQUESTS: series}, scrape)
    assert pieces[0].start == steps.start
    assert pieces[-1].end == steps.end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    for piece in pieces:
        assert piece.steps <= MAX_POINTS
        assert piece.steps == 1 or piece.steps * series <= MAX_VALUES
        assert piece.steps == 1 or piece.steps * series * 300 / scrape <= MAX_SAMPLES


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
    assert "[3600s]" in query or entry.name == "pods"  # type: ignore[attr-defined]
    assert entry.why and entry.unit  # type: ignore[attr-defined]


def test_reporters_are_never_summed() -> None:
    for entry in ENTRIES:
        assert ("reporter" in entry.by) == (entry.frame != "containers")


def test_every_metric_of_the_catalogue_is_looked_for() -> None:
    pattern = re.search(r'__name__=~"(.*)"', NAMES)
    assert pattern is not None
    for entry in ENTRIES:
        for metric in entry.metrics:
            assert re.fullmatch(pattern.group(1), metric)
