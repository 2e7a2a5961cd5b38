from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.durations import MAX_MS, duration_ms, format_ms, in_words, parse_ms
from observe.errors import InputError


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("850ms", 850),
        ("1.5s", 1500),
        ("1m30s", 90_000),
        ("0.1s", 100),
        ("1h", 3_600_000),
        ("1000us", 1),
        ("1000000ns", 1),
        (".5s", 500),
        ("2.s", 2000),
        ("1h1m1s1ms", 3_661_001),
    ],
)
def test_go_durations_are_read_exactly(text: str, milliseconds: int) -> None:
    assert parse_ms(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "5", "5 s", "-1s", "+1s", "1S", "s", "1.s.", "1e3ms", "1s ", "٣s", "9" * 30 + "h"]
)
def test_what_go_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="duration"):
        parse_ms(text)


@pytest.mark.parametrize("value", [5, 1.5, None, True, ["1s"]])
def test_values_that_are_no_text_are_refused(value: object) -> None:
    with pytest.raises(InputError, match="is not a duration"):
        parse_ms(value)


@pytest.mark.parametrize("text", ["0", "0s", "0.9ms", "999us"])
def test_less_than_a_millisecond_is_refused_as_istio_does(text: str) -> None:
    with pytest.raises(InputError, match="shorter than 1ms"):
        parse_ms(text)


def test_fractions_of_a_millisecond_are_refused() -> None:
    with pytest.raises(InputError, match="finer than whole milliseconds"):
        parse_ms("1.5ms")
    assert duration_ms("1.5ms") == Fraction(3, 2)


def test_zero_is_a_length_though_not_a_timeout() -> None:
    assert duration_ms("0s") == 0


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(1, "1ms"), (850, "850ms"), (1000, "1s"), (1250, "1250ms"), (60_000, "60s")],
)
def test_whole_seconds_are_written_as_seconds(milliseconds: int, text: str) -> None:
    assert format_ms(milliseconds) == text


@pytest.mark.parametrize("milliseconds", [0, -1, MAX_MS + 1])
def test_lengths_that_no_duration_has_are_not_written(milliseconds: int) -> None:
    with pytest.raises(InputError):
        format_ms(milliseconds)


@settings(deadline=None)
@given(st.integers(1, MAX_MS))
def test_what_is_written_reads_back_the_same(milliseconds: int) -> None:
    assert parse_ms(format_ms(milliseconds)) == milliseconds


def test_a_reader_sees_the_whole_number() -> None:
    lengths = (None, 0.5, 1500.5, 850.0, 30_000.0, 123_456_789.0)
    assert [in_words(length) for length in lengths] == [
        "none",
        "0.5ms",
        "1500.5ms",
        "850ms",
        "30s",
        "123456789ms",
    ]
