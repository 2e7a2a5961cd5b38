"""Which failures Envoy tries again."""

from __future__ import annotations

import pytest

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant


def _failure(code: str, flags: str, status: str = "", **more: bool) -> FailureProcess:
    return FailureProcess("independent", code, flags, 0.1, constant(1.0), status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (_failure("503", "UF"), True),
        (_failure("200", "-", "14"), True),
        (_failure("200", "-", "1"), True),
        (_failure("200", "-", "8"), False),
        (_failure("503", "UR", before_work=True), True),
        (_failure("503", "UC"), False),
        (_failure("503", "-"), False),
        (_failure("503", "UO"), False),
        (_failure("503", "UH"), False),
        (_failure("500", "-"), False),
        (_failure("429", "-"), False),
    ],
)
def test_istio_retries_by_default_only_what_is_safe(failure: FailureProcess, again: bool) -> None:
    assert Retries().again(failure) is again


def test_wider_conditions_match_answers_of_the_server() -> None:
    wide = Retries(1, frozenset({"gateway-error"}))
    assert wide.again(_failure("503", "-"))
    assert not wide.again(_failure("500", "-"))
    assert Retries(1, frozenset({"500"})).again(_failure("500", "-"))
    # codes are what the server really returned: a reset is none
    assert not Retries(1, frozenset({"503"})).again(_failure("503", "UC"))


def test_no_attempts_are_no_retries() -> None:
    assert not Retries(attempts=0).again(_failure("503", "UF"))


def test_overload_begins_at_its_knee_and_has_a_ceiling() -> None:
    process = FailureProcess("overload", "503", "UO", 0.4, constant(1.0), knee=0.5)
    assert [process.overload(x) for x in (0.4, 0.5, 0.75, 1.0, 9.0)] == [0.0, 0.0, 0.2, 0.4, 0.95]
