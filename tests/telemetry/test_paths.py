from __future__ import annotations

from datetime import UTC, datetime, timedelta

from observe.telemetry.catalogue import ENTRIES, Entry
from observe.telemetry.paths import (
    Surroundings,
    choose_paths,
    promql_seconds,
    raw_pieces,
    raw_samples,
    raw_seconds,
)
from observe.telemetry.planner import PlannedEntry, make_plan
from observe.telemetry.sizes import Size
from observe.telemetry.steps import Steps

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = Steps(START, START + timedelta(days=7), 300, 3600)
MESH = [e for e in ENTRIES if e.name in ("requests", "latency", "coverage")]


def _plan(
    series: int, pods: int = 1, scrape: float = 60, steps: Steps = WEEK
) -> list[PlannedEntry]:
    size = Size(series, series // pods)
    return make_plan(MESH, steps, {entry.name: size for entry in MESH}, scrape)


def _around(
    scrape: float = 60, start: float = 2.0, loopback: bool = True, only: str = ""
) -> Surroundings:
    def readable(entry: Entry) -> bool:
        return only in entry.name

    return Surroundings(readable, loopback, scrape, start)


def _paths(plan: list[PlannedEntry]) -> list[str]:
    return [planned.path for planned in plan]


def test_a_small_mesh_is_asked_in_promql_and_a_large_one_is_read_raw() -> None:
    assert _paths(choose_paths(_plan(50), _around())) == ["PromQL"] * 3
    assert _paths(choose_paths(_plan(20_000), _around())) == ["remote read"] * 3


def test_what_loading_the_decoder_costs_must_come_in_again() -> None:
    plan = _plan(2000)
    gain = sum(promql_seconds(p, True) - raw_seconds(p, _around()) for p in plan)
    assert gain > 2
    assert _paths(choose_paths(plan, _around(start=gain + 0.1))) == ["PromQL"] * 3
    assert _paths(choose_paths(plan, _around(start=gain - 0.1))) == ["remote read"] * 3


def test_over_a_network_the_server_sums_where_many_samples_make_few_values() -> None:
    plan = _plan(20_000, pods=50, scrape=5)
    near, far = _around(5), _around(5, loopback=False)
    assert _paths(choose_paths(plan, near))[1] == "remote read"
    assert _paths(choose_paths(plan, far))[1] == "PromQL"


def test_what_cannot_be_read_raw_is_asked_in_promql() -> None:
    plan = choose_paths(_plan(20_000), _around(only="latency"))
    assert _paths(plan) == ["PromQL", "remote read", "PromQL"]
    assert {piece.entry.name for piece in raw_pieces(plan)} == {"latency"}
    assert "all samples in about" in plan[1].why


def test_raw_samples_are_what_is_scraped() -> None:
    assert raw_samples(_plan(1000, scrape=15)[0], 15) == 1000 * 7 * 86_400 / 15


def test_raw_pieces_end_at_the_same_midnights_for_all_entries() -> None:
    steps = Steps(START - timedelta(hours=5), START + timedelta(days=3, hours=2), 300, 3600)
    plan = choose_paths(_plan(60_000, steps=steps), _around())
    pieces = raw_pieces(plan)
    ends: dict[str, list[datetime]] = {}
    for piece in pieces:
        ends.setdefault(piece.entry.name, []).append(piece.end)
    assert len(ends) == 3
    assert len({tuple(times) for times in ends.values()}) == 1
    midnights = [START + timedelta(days=i) for i in range(4)]
    assert ends["latency"] == [*midnights, steps.end]
