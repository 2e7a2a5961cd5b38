"""Values as Grafana writes them."""

from __future__ import annotations

import math

import pytest

from observe.grafana.preview.units import written


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.9992, "percentunit", 2, "99.92%"),
        (0.5, "percentunit", None, "50%"),
        (0.00075, "percentunit", None, "0.075%"),
        (96.44, "reqps", None, "96.4 req/s"),
        (1_400, "cps", None, "1.4 K c/s"),
        (0.0778, "ops", None, "0.0778 ops/s"),
        (448.2, "ms", None, "448 ms"),
        (1_250, "ms", None, "1.25 s"),
        (0.000_25, "s", None, "250 µs"),
        (90, "s", None, "1.5 mins"),
        (60, "s", None, "1 min"),
        (9 * 31_536_000, "s", None, "9 years"),
        (0, "s", None, "0 s"),
        (536_870_912, "bytes", None, "512 MiB"),
        (98_900, "Bps", None, "98.9 kB/s"),
        (2_260_000, "short", None, "2.26 Mil"),
        (14, "short", 0, "14"),
        (0.164, "none", None, "0.164"),
        (1_000, "none", None, "1000"),
        (1, "bool_on_off", None, "On"),
        (0, "bool_on_off", None, "Off"),
        (math.nan, "ms", None, "No data"),
    ],
)
def test_a_value_is_written_with_its_unit(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert written(value, unit, decimals) == text


def test_negative_durations_keep_their_sign() -> None:
    assert written(-90, "s") == "-1.5 mins"
