from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.errors import InputError
from observe.telemetry import matchers

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(TEXT)
def test_a_quoted_value_reads_back_as_itself(value: str) -> None:
    # Go's and Python's rules agree on every escape that quote() writes.
    assert ast.literal_eval(matchers.quote(value)) == value


@given(TEXT, TEXT)
def test_an_escaped_expression_matches_only_its_value(value: str, other: str) -> None:
    pattern = matchers.escape_regex(value)
    assert re.fullmatch(pattern, value)
    assert bool(re.fullmatch(pattern, other)) == (value == other)


def test_quotes_backslashes_and_newlines_are_escaped() -> None:
    assert matchers.equals("a", 'o"k\\\n') == r'a="o\"k\\\n"'
    assert matchers.one_of("a", ["x.y", "b|c"]) == r'a=~"x\\.y|b\\|c"'
    assert matchers.selector("up", [matchers.equals("job", "o'k")]) == 'up{job="o\'k"}'


@pytest.mark.parametrize("name", ["", "1a", "a-b", 'a="b"} or up{c', "a\n"])
def test_what_is_no_label_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not a label name"):
        matchers.equals(name, "x")


def test_what_is_no_metric_name_is_refused() -> None:
    with pytest.raises(InputError, match="is not a metric name"):
        matchers.selector("up} or {a")


def test_an_empty_choice_is_refused_because_it_would_match_the_absent_label() -> None:
    with pytest.raises(InputError, match="no values"):
        matchers.one_of("namespace", [])
