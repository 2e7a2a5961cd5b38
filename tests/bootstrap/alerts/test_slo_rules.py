"""Limits and names of the objectives' rules."""

from __future__ import annotations

import re

import pytest

from observe.bootstrap.alerts.slo import limit
from observe.bootstrap.alerts.slo_series import WINDOWS, le_regex, ratio, slo_groups, total
from observe.bootstrap.alerts.thresholds import BURN_WINDOWS
from observe.bootstrap.stack import Stack


@pytest.mark.parametrize(
    ("allowed", "burn", "expected"),
    [(0.001, 14.4, 0.0144), (0.01, 6, 0.06), (0.1, 14.4, 0.9), (0.4, 6, 0.9), (0.0001, 1, 0.0001)],
)
def test_a_limit_is_the_burn_of_what_is_allowed_but_can_be_reached(
    allowed: float, burn: float, expected: float
) -> None:
    assert limit(allowed, burn) == expected


@pytest.mark.parametrize(
    ("bound", "spellings", "others"),
    [
        (1000, ("1000", "1000.0"), ("100", "10000", "1000.00")),
        (0.5, ("0.5",), ("0x5", "0.5.0", "5")),
        (2500, ("2500", "2500.0"), ("250",)),
    ],
)
def test_both_spellings_of_a_bucket_are_taken_and_no_other(
    bound: float, spellings: tuple[str, ...], others: tuple[str, ...]
) -> None:
    pattern = re.compile(le_regex(bound))
    assert all(pattern.fullmatch(text) for text in spellings)
    assert not any(pattern.fullmatch(text) for text in others)


def test_every_window_that_an_alert_reads_is_recorded_once() -> None:
    names = [rule.name for group in slo_groups(Stack()) for rule in group.rules]
    assert len(names) == len(set(names))
    for objective in ("availability", "latency"):
        for burn in BURN_WINDOWS:
            wanted = {ratio(objective, burn.long), ratio(objective, burn.short)}
            assert wanted | {total(objective, burn.long)} <= set(names)
        assert {ratio(objective, window) for window in ("5m", *WINDOWS)} <= set(names)
