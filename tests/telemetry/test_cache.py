"""Days that are kept: the same snapshot with and without, and never another server's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from known_week import END, START, WEB, Week, eventful_week
from scripted_api import Api, Asked, Reply, at_moments, success, vector

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.assemble import Table
from observe.telemetry.cache import DayCache, DayQuery, default_folder
from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.day_keeper import DayKeeper
from observe.telemetry.days import DAY
from observe.telemetry.fetch import Harvest
from observe.telemetry.frames import ALL
from observe.telemetry.known import Known
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.marks import day_marks, finished_days, same
from observe.telemetry.pieces import Piece
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
Serve = Callable[..., Api]
integration = pytest.mark.integration
MARK = (5.0, 6.0, 7.0, 8.0, 2.0, 2.0, 2.0, 2.0)
QUERY = DayQuery("latency", "sum(x)", 3600)
SECRET = "s3cr3t-t0ken"


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    week = eventful_week()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


@dataclass
class Run:
    snapshot: Snapshot
    queries: int


def _run(server: PrometheusServer, start: datetime, end: datetime, folder: Path | None) -> Run:
    client = PrometheusClient(server.url)
    cache = None if folder is None else DayCache.of(folder, client.settings)
    snapshot = collect(client, start, end, cache=cache)
    return Run(snapshot, client.cost.queries)


def _assert_same(left: Snapshot, right: Snapshot) -> None:
    for spec in ALL:
        pd.testing.assert_frame_equal(
            getattr(left, spec.name), getattr(right, spec.name), check_exact=True
        )
    other = {"created_at": right.manifest.created_at, "cost": right.manifest.cost}
    assert left.manifest.model_copy(update=other) == right.manifest


def _table(values: list[float] | None = None) -> Table:
    values = [1.5, 2.5, 1e-300] if values is None else values
    return Table(
        labels=pd.DataFrame({"workload": ["ü\n", ""], "le": [1.0, np.inf]}).astype(
            {"workload": "str"}
        ),
        series=np.array([0, 0, 1][: len(values)], dtype=np.int64),
        time=np.array([0, 3, 23][: len(values)], dtype=np.int64) * 3_600_000
        + round(START.timestamp() * 1000),
        values=np.array(values, dtype=np.float64),
        dropped=4,
        repaired=0.25,
    )


@integration
def test_the_snapshot_is_the_same_without_a_cache_with_an_empty_one_and_with_a_full_one(
    server: PrometheusServer, tmp_path: Path
) -> None:
    without = _run(server, START, END, None)
    first = _run(server, START, END, tmp_path)
    second = _run(server, START, END, tmp_path)
    _assert_same(first.snapshot, without.snapshot)
    _assert_same(second.snapshot, without.snapshot)
    entries = 8  # requests, latency, its sum and count, coverage; proxies, hosts and their errors
    assert second.queries == 5  # who answers (twice), names of metrics, the clock, totals of days
    assert len(list(tmp_path.rglob("*.parquet"))) == entries * 7


@integration
@pytest.mark.parametrize("hours", [0, 5])
def test_next_weeks_run_asks_for_the_new_days_only(
    server: PrometheusServer, tmp_path: Path, hours: int
) -> None:
    offset = timedelta(hours=hours)
    _run(server, START, END - DAY - offset, tmp_path)
    asked: list[tuple[int, int]] = []
    client = PrometheusClient(server.url)
    cache = DayCache.of(tmp_path, client.settings)
    later = collect(
        client,
        START + DAY + offset,
        END,
        cache=cache,
        progress=lambda done, total, _: asked.append((done, total)),
    )
    spans = 1 if hours == 0 else 2  # the day before the first midnight, and the new one
    assert asked[-1] == (8 * spans, 8 * spans)
    _assert_same(later, _run(server, START + DAY + offset, END, None).snapshot)


@integration
def test_a_run_that_was_stopped_goes_on_with_the_days_it_has(
    server: PrometheusServer, tmp_path: Path
) -> None:
    def stop(done: int, total: int, _: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    client = PrometheusClient(server.url)
    with pytest.raises(KeyboardInterrupt):
        collect(client, START, END, cache=DayCache.of(tmp_path, client.settings), progress=stop)
    assert len(list(tmp_path.rglob("*.parquet"))) == 3 * 7
    left = tmp_path.rglob(".partial-*")
    assert list(left) == []
    whole = _run(server, START, END, tmp_path)
    _assert_same(whole.snapshot, _run(server, START, END, None).snapshot)


@integration
def test_days_of_another_server_behind_the_same_address_are_not_used(
    server: PrometheusServer, prometheus_server: Servers, tmp_path: Path
) -> None:
    week = Week(start=END - timedelta(hours=50))
    week.add("p", np.full(len(week.times_ms), 60), labels=WEB)
    other = prometheus_server(flags=HISTORY_FLAGS)
    push(other.url, week.labels, week.times_ms, week.values)
    address = DayCache(tmp_path, "http://127.0.0.1:9090")  # a port-forward, now to one, now to two
    collect(PrometheusClient(server.url), END - 2 * DAY, END, cache=address)
    mixed = collect(PrometheusClient(other.url), END - 2 * DAY, END, cache=address)
    right = collect(PrometheusClient(other.url), END - 2 * DAY, END)
    assert mixed.requests["requests"].sum() == right.requests["requests"].sum()
    pd.testing.assert_frame_equal(mixed.latency, right.latency, check_exact=True)


@integration
def test_a_damaged_file_is_asked_for_again_and_written_anew(
    server: PrometheusServer, tmp_path: Path
) -> None:
    right = _run(server, START, END, tmp_path).snapshot
    files = sorted(tmp_path.rglob("latency-*.parquet"))
    whole = [file.read_bytes() for file in files]
    files[0].write_bytes(whole[0][: len(whole[0]) // 2])
    files[1].write_bytes(b"")
    middle = len(whole[2]) // 3
    flipped = bytes(b ^ 0xFF for b in whole[2][middle : middle + 8])
    files[2].write_bytes(whole[2][:middle] + flipped + whole[2][middle + 8 :])
    again = _run(server, START, END, tmp_path).snapshot
    _assert_same(again, right)
    assert [file.read_bytes() for file in files] == whole


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    cache, table = DayCache(tmp_path, "http://prom"), _table()
    assert cache.store(QUERY, START, MARK, table)
    found = cache.load(QUERY, START, MARK)
    assert found is not None
    pd.testing.assert_frame_equal(found.labels, table.labels)
    for name in ("series", "time", "values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(table, name))
    assert (found.dropped, found.repaired) == (4, 0.25)


def test_a_day_is_found_only_for_the_same_question_server_tenant_and_mark(tmp_path: Path) -> None:
    cache = DayCache(tmp_path, "http://prom", "team-a")
    cache.store(QUERY, START, MARK, _table())
    assert cache.load(QUERY, START, MARK) is not None
    late = (*MARK[:3], MARK[3] * 1.01, *MARK[4:])
    assert cache.load(QUERY, START, late) is None
    assert cache.load(QUERY, START, None) is None
    assert cache.load(QUERY, START + DAY, MARK) is None
    assert cache.load(DayQuery("latency", "sum(y)", 3600), START, MARK) is None
    assert cache.load(DayQuery("latency", "sum(x)", 300), START, MARK) is None
    assert DayCache(tmp_path, "http://prom").load(QUERY, START, MARK) is None
    assert DayCache(tmp_path, "http://prom2", "team-a").load(QUERY, START, MARK) is None


def test_a_file_in_the_place_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    cache = DayCache(tmp_path, "http://prom")
    cache.store(QUERY, START, MARK, _table())
    (file,) = tmp_path.rglob("*.parquet")
    moved = file.parent.parent / f"{START + DAY:%Y-%m-%d}" / file.name
    moved.parent.mkdir()
    file.rename(moved)
    assert cache.load(QUERY, START + DAY, MARK) is None


def test_marks_allow_for_replicas_scraped_at_other_moments_and_for_nothing_else() -> None:
    assert same(MARK, (5.0001, *MARK[1:]))
    assert not same(MARK, (5.01, *MARK[1:]))
    assert not same(MARK, (*MARK[:7], 3.0))
    assert not same(MARK, MARK[:4])


def test_an_empty_day_is_kept_too(tmp_path: Path) -> None:
    cache, table = DayCache(tmp_path, "http://prom"), _table([])
    empty = Table(table.labels.iloc[:0], table.series, table.time, table.values)
    assert cache.store(QUERY, START, MARK, empty)
    found = cache.load(QUERY, START, MARK)
    assert found is not None
    assert (len(found.labels), len(found.values)) == (0, 0)


def test_a_folder_that_cannot_be_written_is_as_if_there_were_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = DayCache(tmp_path / "file" / "below", "http://prom")
    assert not cache.store(QUERY, START, MARK, _table())
    assert cache.load(QUERY, START, MARK) is None


def test_no_secret_is_in_any_name_or_file(tmp_path: Path) -> None:
    settings = ConnectionSettings(
        f"http://me:{SECRET}@prom", headers={"X-Key": SECRET, "X-Scope-OrgID": SECRET}
    )
    cache = DayCache.of(tmp_path, settings)
    cache.store(QUERY, START, MARK, _table())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        assert SECRET not in str(path)
        assert SECRET.encode() not in path.read_bytes()


def _arrived(tmp_path: Path, harvest: Harvest) -> set[str]:
    """Days that are kept when a piece of two days arrives like this."""
    marks = {START: MARK, START + DAY: MARK}
    piece = Piece(ENTRIES[1], START, 3600, 48)
    cache = DayCache(tmp_path, "http://prom")
    keeper = DayKeeper(Known(cache, marks), (), [piece])
    halves = list(piece.split(24))
    keeper.arrived(piece, [(half, _table()) for half in halves[:1]], harvest)
    return {file.parent.name for file in tmp_path.rglob("*.parquet")}


def test_only_days_that_were_answered_completely_are_kept(tmp_path: Path) -> None:
    hole = MissingPiece(
        query="latency", start=START + DAY, end=START + DAY + timedelta(hours=1), reason="x"
    )
    assert _arrived(tmp_path / "a", Harvest(missing=[hole])) == {"2026-01-05"}
    assert _arrived(tmp_path / "b", Harvest(warnings=["store-7 is gone"])) == set()


def test_a_day_in_several_pieces_is_kept_when_the_last_one_is_there(tmp_path: Path) -> None:
    whole = Piece(ENTRIES[1], START, 3600, 24)
    pieces = list(whole.split(12))
    cache = DayCache(tmp_path, "http://prom")
    keeper = DayKeeper(Known(cache, {START: MARK}), (), pieces)
    keeper.arrived(pieces[1], [(pieces[1], _table([2.0]))], Harvest())
    assert list(tmp_path.rglob("*.parquet")) == []
    keeper.arrived(pieces[0], [(pieces[0], _table([1.0]))], Harvest())
    query = DayQuery.of(ENTRIES[1], 3600, ())
    found = cache.load(query, START, MARK)
    assert found is not None
    assert found.values.sum() == 3


@pytest.mark.parametrize(
    ("hours", "days"), [(24 * 7, 7), (24 * 7 - 4, 6), (24 * 6 - 2, 5), (-1000, 0)]
)
def test_days_are_over_some_hours_after_midnight_by_the_slower_of_two_clocks(
    api: Serve, hours: int, days: int
) -> None:
    week = [START + i * DAY for i in range(7)]
    moment = START + timedelta(hours=hours + 3)
    server = api(lambda _: vector(str(moment.timestamp())))
    assert len(finished_days(PrometheusClient(server.url), week, END + 9 * DAY)) == days
    far = api(lambda _: vector(str((END + 9 * DAY).timestamp())))
    assert len(finished_days(PrometheusClient(far.url), week, moment)) == days


def test_days_without_data_or_with_warnings_have_no_mark(api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        of_the_first_day = [(START.timestamp(), "5"), ((START + DAY).timestamp() + 1, "NaN")]
        series = [({"of": "count"}, of_the_first_day), ({"of": "sum"}, of_the_first_day)]
        return at_moments(asked, *series)

    client = PrometheusClient(api(answer).url)
    assert day_marks(client, "x", [START, START + DAY]) == {START: (5.0,) * 8}
    partial = success({"resultType": "vector", "result": []}, warnings=["store-7 is gone"])
    assert day_marks(PrometheusClient(api(lambda _: partial).url), "x", [START]) == {}


def test_the_folder_is_where_the_system_keeps_what_can_be_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "mesh-observe"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # must be ignored, says the specification
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "mesh-observe"


def _counting(asked_for: list[str], total: float) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        query = asked.params["query"]
        asked_for.append("count" if "count(" in query else "total")
        return at_moments(asked, ({}, [(START.timestamp(), f"{total if 'sum(' in query else 2}")]))

    return answer


def test_series_are_counted_only_of_days_whose_totals_are_others_than_when_they_were_kept(
    api: Serve,
) -> None:
    asked: list[str] = []
    client = PrometheusClient(api(_counting(asked, 5)).url)
    kept = {START: {(5.0,) * 4 + (3.0,) * 4, (4.0,) * 8}}
    assert day_marks(client, "x", [START], kept=lambda: kept) == {START: (5.0,) * 4 + (3.0,) * 4}
    assert asked == ["total"]
    client = PrometheusClient(api(_counting(asked, 5.0001)).url)
    marks = day_marks(client, "x", [START], kept=lambda: kept)
    assert marks == {START: (5.0001,) * 4 + (2.0,) * 4}
    assert asked == ["total", "total", "count"]
