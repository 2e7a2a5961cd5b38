"""A survey is used again for the same window, server and metrics, while the days' marks hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from observe.telemetry.cache import DayCache
from observe.telemetry.catalogue import BUCKETS, REQUESTS
from observe.telemetry.client import ServerInfo
from observe.telemetry.days import DAY
from observe.telemetry.flavour import Flavour
from observe.telemetry.kept_survey import KeptSurvey, SurveyPlace
from observe.telemetry.recorded import recorded_entries

START = datetime(2026, 1, 5, tzinfo=UTC)
NAMES = frozenset({REQUESTS, BUCKETS})
MARK = (5.0, 6.0, 7.0, 8.0, 2.0, 2.0, 2.0, 2.0)
MARKS = {START: MARK, START + DAY: MARK}
FLAVOUR = Flavour(
    NAMES,
    ("destination", "source"),
    15.5,
    1234,
    ("replica",),
    ("a word",),
    "recorded",
    recorded_entries(15.5),
    START + timedelta(hours=7),
)


def _place(folder: Path) -> SurveyPlace:
    cache = DayCache(folder, "http://prom")
    return SurveyPlace(cache, ServerInfo("Prometheus", "2.42"), NAMES, START, START + 2 * DAY)


def test_a_survey_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    _place(tmp_path).store(FLAVOUR, MARKS)
    assert _place(tmp_path).load() == KeptSurvey(FLAVOUR, MARKS)


def test_another_window_server_or_list_of_metrics_has_another_survey(tmp_path: Path) -> None:
    place = _place(tmp_path)
    place.store(FLAVOUR, MARKS)
    assert replace(place, server=ServerInfo("Prometheus", "3.1")).load() is None
    assert replace(place, names=NAMES - {BUCKETS}).load() is None
    assert replace(place, start=START - DAY).load() is None
    assert replace(place, cache=DayCache(tmp_path, "http://prom", "team")).load() is None


def test_what_may_be_found_otherwise_the_next_time_is_not_kept(tmp_path: Path) -> None:
    place = _place(tmp_path)
    place.store(replace(FLAVOUR, settled=False), MARKS)
    place.store(FLAVOUR, {})
    replace(place, end=START + timedelta(hours=36)).store(FLAVOUR, MARKS)
    assert list(tmp_path.rglob("*.json")) == []


def test_a_damaged_survey_is_as_if_there_were_none(tmp_path: Path) -> None:
    place = _place(tmp_path)
    place.store(FLAVOUR, MARKS)
    (file,) = tmp_path.rglob("survey-*.json")
    file.write_bytes(file.read_bytes()[:-20])
    assert place.load() is None


def test_a_survey_holds_only_while_every_day_has_the_mark_that_it_had() -> None:
    kept = KeptSurvey(FLAVOUR, MARKS)
    assert kept.holds(dict(MARKS))
    assert not kept.holds({})
    assert not kept.holds({START: MARK})
    assert not kept.holds({**MARKS, START + 2 * DAY: MARK})
    assert not kept.holds({**MARKS, START: (*MARK[:7], 3.0)})
