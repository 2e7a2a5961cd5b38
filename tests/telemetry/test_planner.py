from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.telemetry.catalogue import ENTRIES, Entry
from observe.telemetry.planner import (
    VALUE_BYTES,
    Limits,
    make_plan,
    pieces_of,
    samples_per_step,
    series_bytes,
)
from observe.telemetry.sizes import Size
from observe.telemetry.steps import Steps

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = Steps(START, START + timedelta(days=7), 300, 3600)
BY_NAME = {entry.name: entry for entry in ENTRIES}
LATENCY = BY_NAME["latency"]


def _parts(entry: Entry, parts: int) -> list[tuple[str, ...]]:
    return [(f"part {i} of {parts}",) for i in range(parts)]


def test_a_small_mesh_is_asked_in_one_query_an_entry() -> None:
    # istiod's own series are a handful
    sizes = {e.name: Size(9, 9) if e.frame == "istiod" else Size(250, 80) for e in ENTRIES}
    plan = make_plan(ENTRIES, WEEK, sizes, 60)
    assert [len(planned.pieces) for planned in plan] == [1] * len(ENTRIES)
    assert all(p.start == WEEK.start and p.end == WEEK.end for p in pieces_of(plan))


def test_the_cost_of_a_query_is_what_its_series_and_steps_make() -> None:
    (planned,) = make_plan([LATENCY], WEEK, {"latency": Size(1000, 200)}, 15)
    assert planned.values == 200 * 168
    assert planned.samples == 1000 * 168 * 240
    assert planned.bytes == 200 * 168 * VALUE_BYTES + len(planned.pieces) * 200 * series_bytes(
        LATENCY
    )


def test_each_range_in_a_query_is_read_for_itself() -> None:
    twice = BY_NAME["requests"].template.count("[$window]")
    assert twice == 2
    assert samples_per_step(BY_NAME["requests"], 10, 300, 15) == 10 * 20 * 2


@settings(deadline=None)
@given(
    st.integers(1, 300_000),
    st.integers(1, 20),
    st.integers(1, 3),
    st.sampled_from([5, 15, 60]),
    st.sampled_from(ENTRIES),
)
def test_pieces_cover_the_window_once_and_stay_within_the_limits(
    read: int, pods: int, days: int, scrape: int, entry: Entry
) -> None:
    steps = Steps(START, START + timedelta(days=days), 300, 3600)
    size = Size(read, max(1, read // pods))
    (planned,) = make_plan([entry], steps, {entry.name: size}, scrape, divide=_parts)
    limits, shards = Limits(), {piece.shard for piece in planned.pieces}
    for shard in shards:
        mine = [piece for piece in planned.pieces if piece.shard == shard]
        assert mine[0].start == steps.start
        assert mine[-1].end == steps.end
        assert all(a.end == b.start for a, b in pairwise(mine))
    returned, read = size.returned // len(shards), size.read // len(shards)
    longest = max(planned.pieces, key=lambda piece: piece.steps)
    assert longest.steps <= limits.points
    answer = returned * (series_bytes(entry) + VALUE_BYTES * longest.steps)
    samples = samples_per_step(entry, read, longest.step, scrape) * longest.steps
    assert answer <= limits.answer_bytes
    assert samples <= limits.samples


def test_a_step_that_is_too_large_is_divided_by_label() -> None:
    many = Size(600_000, 600_000)
    (planned,) = make_plan([LATENCY], WEEK, {"latency": many}, 15, divide=_parts)
    assert len({piece.shard for piece in planned.pieces}) > 100
    assert planned.pieces[0].steps > 1
    assert "by label" in planned.why
    (whole,) = make_plan([LATENCY], WEEK, {"latency": many}, 15)
    assert {piece.steps for piece in whole.pieces} == {1}  # nothing to divide by: time only


def test_cached_days_are_not_asked_for() -> None:
    steps = Steps(START - timedelta(hours=5), START + timedelta(days=3, hours=2), 300, 3600)
    known = {"latency": {START, START + timedelta(days=2)}}
    (planned,) = make_plan([LATENCY], steps, {"latency": Size(9, 9)}, 60, cached=known)
    day = timedelta(days=1)
    assert [(p.start, p.end) for p in planned.pieces] == [
        (steps.start, START),
        (START + day, START + 2 * day),
        (START + 3 * day, steps.end),
    ]
    assert planned.cached == (START, START + 2 * day)
    assert planned.values == 9 * (5 + 24 + 2)


def test_nothing_is_asked_when_every_day_is_cached() -> None:
    days = {START + timedelta(days=i) for i in range(7)}
    (planned,) = make_plan([LATENCY], WEEK, {"latency": Size(9, 9)}, 60, cached={"latency": days})
    assert (planned.pieces, planned.path, planned.bytes) == ((), "cache", 0)


@pytest.mark.parametrize(("timeout", "samples"), [(60, 20_000_000), (5, 5_000_000)])
def test_a_short_time_limit_makes_shorter_pieces(timeout: float, samples: int) -> None:
    assert Limits.within(timeout).samples == samples
