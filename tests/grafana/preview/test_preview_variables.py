"""Variables are filled in as Grafana does, whatever their values hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.grafana.preview.variables import Span, _joined, fill

END = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_rate_interval_spans_four_scrapes_or_a_step_and_a_scrape() -> None:
    fine = Span(END - timedelta(hours=1), END, 15, 15).builtins()
    coarse = Span(END - timedelta(days=7), END, 2_400, 15).builtins()
    assert (fine["__rate_interval"], coarse["__rate_interval"]) == ("60s", "2415s")
    assert (fine["__range"], coarse["__range"]) == ("3600s", "604800s")


def test_names_are_filled_whole_and_unknown_ones_stay() -> None:
    values = {"service": "a", "__range": "60s"}
    assert fill('x{s=~"$service"}[$__range] $services ${service}', values) == (
        'x{s=~"a"}[60s] $services a'
    )


def test_several_values_become_alternatives() -> None:
    assert _joined(["a", "b.c"], escape=True) == r"(a|b\\.c)"
    assert _joined(["*.example.com"], escape=True) == r"\\*\\.example\\.com"
    assert _joined(["plain"], escape=True) == "plain"


# A double quote is left out: Grafana does not escape it, and no Kubernetes name holds one.
names = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters='"'), min_size=1)


@given(st.lists(names, min_size=1, max_size=3))
def test_a_filled_matcher_fits_its_values_and_nothing_else(values: list[str]) -> None:
    expression = fill('x{s=~"$service"}', {"service": _joined(values, escape=True)})
    selector = promql_parser.parse(expression)
    assert isinstance(selector, promql_parser.VectorSelector)
    pattern = selector.matchers.matchers[0].value
    for value in values:
        assert re.fullmatch(pattern, value), (pattern, value)
    assert not re.fullmatch(pattern, "".join(values) + "!")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_exist(theme: str) -> None:
    from observe.grafana.preview.theme import THEMES

    assert THEMES[theme].panel.startswith("#")
