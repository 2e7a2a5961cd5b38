from __future__ import annotations

from typing import Any

import pytest
from export_samples import recommendation
from policy_samples import OUTLIER, POOL, RETRIES, outlier, pool, retry

from observe.export.advice_values import value_problems
from observe.export.fields import OF_KIND
from observe.lint.fields import SINCE


def problems(item: Any) -> list[str]:
    return [": ".join(pair) for pair in value_problems(item)]


@pytest.mark.parametrize("make", [recommendation, retry, pool, outlier])
def test_what_recommenders_propose_is_right(make: Any) -> None:
    assert problems(make()) == []


@pytest.mark.parametrize(
    ("make", "good", "field", "value", "expected"),
    [
        (retry, RETRIES, "attempts", None, "it is missing"),
        (retry, RETRIES, "attempts", -1, "-1 is not a whole number from 0 to 100"),
        (retry, RETRIES, "attempts", 2.5, "2.5 is not a whole number from 0 to 100"),
        (retry, RETRIES, "attempts", True, "True is not a whole number from 0 to 100"),
        (retry, RETRIES, "attempts", 1000, "1000 is not a whole number from 0 to 100"),
        (retry, RETRIES, "perTryTimeout", "0s", "the duration '0s' is shorter than 1ms"),
        (retry, RETRIES, "retryOn", "503, reset", "' reset' is not a retry condition"),
        (retry, RETRIES, "retryOn", "", "'' is not a list of retry conditions"),
        (retry, RETRIES, "retryBudget", 20, "20 is not a block of fields"),
        (retry, RETRIES, "timeout", "1s", "there is no such field; there are attempts, "),
        (pool, POOL, "maxConnections", "60", "'60' is not a whole number from 0 to 2147483647"),
        (pool, POOL, "http2MaxRequests", 2**31, "2147483648 is not a whole number from 0 to"),
        (pool, POOL, "maxConections", 1, "there is no such field; there are maxConnections, "),
        (outlier, OUTLIER, "maxEjectionPercent", 101, "101 is not a percentage from 0 to 100"),
        (outlier, OUTLIER, "minHealthPercent", float("nan"), "nan is not a percentage from 0 to"),
        (outlier, OUTLIER, "interval", "10", "'10' is not a duration"),
    ],
)
def test_a_value_that_cannot_be_written_is_named(
    make: Any, good: dict[str, Any], field: str, value: Any, expected: str
) -> None:
    (problem,) = problems(make(proposed=good | {field: value}))
    assert problem.startswith(f"proposed.{field}: {expected}")


def test_blocks_are_looked_into() -> None:
    budget = {"percent": 200, "minimum": 3}
    assert problems(retry(proposed=RETRIES | {"retryBudget": budget})) == [
        "proposed.retryBudget.minimum: there is no such field; there are minRetryConcurrency, "
        "percent",
        "proposed.retryBudget.percent: 200 is not a percentage from 0 to 100",
    ]


def test_a_null_takes_a_field_away_and_is_right() -> None:
    assert problems(retry(proposed=RETRIES | {"perTryTimeout": None})) == []


@pytest.mark.parametrize(
    ("make", "current", "expected"),
    [
        (retry, {"attempts": "two"}, "current.attempts: 'two' is not a number"),
        (retry, {"retryOn": 503}, "current.retryOn: 503 is not a text"),
        (pool, {"maxConnections": False}, "current.maxConnections: False is not a number"),
        (
            outlier,
            {"outlierDetection": {"interval": "soon"}},
            "current.outlierDetection.interval: 'soon' is not a duration",
        ),
    ],
)
def test_what_was_set_has_to_be_readable(make: Any, current: Any, expected: str) -> None:
    assert problems(make(current=current)) == [expected]


def test_what_was_set_may_be_nothing() -> None:
    assert problems(outlier(current={"outlierDetection": None, "source": None})) == []
    assert problems(retry(current={"attempts": None, "source": "vs.yaml:1"})) == []


def test_fields_come_with_the_same_releases_as_in_the_linter() -> None:
    for fields in OF_KIND.values():
        for each in fields:
            holder = each.path[0] if each.path[0] != "retryBudget" else "trafficPolicy"
            name = each.path[-1] if each.path[0] != "retryBudget" else "retryBudget"
            assert each.since == SINCE.get((holder, name))
