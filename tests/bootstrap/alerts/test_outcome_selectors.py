"""PromQL and Python agree on what a failure is."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from observe.bootstrap.alerts.outcome_selectors import ANSWERED, FAILED, JUDGED, any_of, flagged
from observe.signals.outcomes import FAILURES, Outcome, classify

FLAGS = ("-", "UT", "UH", "UO", "UF,URX", "DC", "DC,UT", "DI", "FI", "DI,UT", "RL", "UAEX", "NR")
CODES = st.one_of(
    st.sampled_from(["", "0", "101", "200", "204", "301", "404", "499", "500", "503", "504"]),
    st.integers(200, 599).map(str),
)
STATUSES = st.one_of(st.just(""), st.integers(0, 16).map(str))


def _selected(kinds: tuple[tuple[str, ...], ...], labels: dict[str, str]) -> int:
    """How many of the kinds take a series with these labels."""
    count = 0
    for kind in kinds:
        hits = []
        for matcher in kind:
            found = re.fullmatch(r'(\w+)(=~|!~|!=|=)"(.*)"', matcher)
            assert found is not None
            label, operator, value = found.groups()
            same = (
                re.fullmatch(value, labels[label]) is not None
                if "~" in operator
                else labels[label] == value
            )
            hits.append(same != operator.startswith("!"))
        count += all(hits)
    return count


@given(CODES, st.sampled_from(FLAGS), STATUSES)
def test_failures_and_answers_are_those_of_the_analysis(code: str, flags: str, grpc: str) -> None:
    labels = {"response_code": code, "response_flags": flags, "grpc_response_status": grpc}
    outcome = classify(code, flags, grpc)
    assert _selected(FAILED, labels) == (outcome in FAILURES)
    answered = outcome in (Outcome.SUCCESS, Outcome.CLIENT_ERROR)
    assert _selected(ANSWERED, labels) == answered
    assert _selected(JUDGED, labels) == (outcome in FAILURES or answered)


def test_a_flag_is_found_among_others_but_not_inside_another() -> None:
    pattern = re.compile(flagged(("UR",)).partition('"')[2].rstrip('"'))
    assert pattern.fullmatch("UR") and pattern.fullmatch("DC,UR") and pattern.fullmatch("UR,DC")
    assert not pattern.fullmatch("URX") and not pattern.fullmatch("DC,URX")


def test_kinds_become_one_union() -> None:
    assert any_of("a", (('b="c"',), ('d="e"',)), 'f="g"') == (
        'a{b="c",f="g"}\n    or a{d="e",f="g"}'
    )
