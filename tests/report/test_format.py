from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.durations import istio_duration
from observe.report.format import (
    bytes_text,
    count_text,
    duration_text,
    length_text,
    plural,
    rate_text,
    setting_text,
    share_text,
    significant,
    span_text,
    time_text,
)

_UNITS = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.4, "0.4 ms"),
        (4.567, "4.57 ms"),
        (850, "850 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (2_500, "2.5 s"),
        (90_000, "90 s"),
        (720_000, "12 min"),
        (5.4e6, "90 min"),
        (9e6, "2.5 h"),
        (float("inf"), "no end"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit_that_fits(milliseconds, text):
    assert duration_text(milliseconds) == text


@given(st.floats(0.01, 1e9))
def test_a_written_duration_is_within_half_a_percent(milliseconds):
    number, unit = duration_text(milliseconds).split(" ")
    assert float(number.replace(",", "")) * _UNITS[unit] == pytest.approx(milliseconds, rel=5e-3)


@pytest.mark.parametrize(
    ("duration", "text"),
    [("850ms", "850 ms"), ("12350ms", "12.35 s"), ("2s", "2 s"), ("1m30s", "90 s"), (None, "none")],
)
def test_a_setting_is_written_exactly(duration, text):
    assert setting_text(duration) == text


@given(st.integers(1, 10_000_000))
def test_no_setting_loses_a_millisecond(milliseconds):
    number, unit = setting_text(istio_duration(milliseconds)).split(" ")
    assert round(float(number.replace(",", "")) * _UNITS[unit]) == milliseconds


def test_a_setting_that_is_no_duration_stands_as_it_is():
    assert setting_text("<soon>") == "<soon>"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (0.42, "0.42"),
        (88.0, "88"),
        (8_120, "8,120"),
        (12_345, "12.3 k"),
        (1.2e6, "1.2 M"),
    ],
)
def test_counts_are_short(count, text):
    assert count_text(count) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0, "0 /s"), (12.54, "12.5 /s"), (0.02, "72 /h"), (0.00029, "25.1 /day"), (2e4, "20 k/s")],
)
def test_a_rate_is_told_in_the_unit_that_leaves_a_number_above_one(rate, text):
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "< 0.00001 %"),
        (0.0005, "0.05 %"),
        (0.12, "12 %"),
        (0.5, "50 %"),
        (0.998, "99.8 %"),
        (0.99987, "99.987 %"),
        (1.0, "100 %"),
        (float("nan"), "–"),
    ],
)
def test_a_share_keeps_the_digits_that_mean_something(share, text):
    assert share_text(share) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_strictly_between_never_reads_none_or_all(share):
    assert share_text(share) not in ("0 %", "100 %")


@given(st.floats(1e-6, 0.4999))
def test_a_written_share_is_within_five_percent(share):
    assert float(share_text(share).removesuffix(" %")) / 100 == pytest.approx(share, rel=0.051)


@given(st.floats(1e-9, 1e12), st.integers(1, 5))
def test_significant_digits_never_use_an_exponent(value, digits):
    text = significant(value, digits)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.01)


def test_times_are_told_in_utc_whatever_zone_they_come_in():
    moment = datetime(2026, 11, 16, 7, 30, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(moment) == "Mon 16 Nov 2026 05:30 UTC"


def test_a_span_names_the_second_day_only_when_it_differs():
    start = datetime(2026, 11, 16, 22, tzinfo=UTC)
    assert span_text(start, start + timedelta(hours=1)) == "Mon 16 Nov 22:00 – 23:00 UTC"
    later = span_text(start, start + timedelta(hours=3))
    assert later == "Mon 16 Nov 22:00 – Tue 17 Nov 01:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(604_800, "7 days"), (86_400, "24 hours"), (300, "5 minutes"), (15, "15 seconds")],
)
def test_lengths_use_the_unit_a_person_would(seconds, text):
    assert length_text(seconds) == text


def test_plurals_and_bytes():
    assert plural(0, "change") == "no changes"
    assert plural(1, "query", "queries") == "1 query"
    assert plural(3, "query", "queries") == "3 queries"
    assert [bytes_text(n) for n in (512, 3_482, 12 * 2**20, 5 * 2**30)] == [
        "512 B",
        "3.4 KiB",
        "12 MiB",
        "5 GiB",
    ]
