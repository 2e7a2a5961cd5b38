"""No request counts twice: every selector of request series says whose word it takes."""

from __future__ import annotations

import itertools
import re
from typing import Any

import promql_parser
import pytest
from dashboard_files import every_target
from test_lint_rules import FILLED

from observe.grafana.dashboards.outcomes import FAILURES, JUDGED, REFUSED, SUCCESSES, TIMEOUTS
from observe.grafana.dashboards.promql import CLIENT, SERVER, ratio, total
from observe.grafana.preview.variables import fill
from observe.signals.outcomes import FAILURES as FAILED
from observe.signals.outcomes import Outcome, classify

#: Series that several proxies report about the same request or connection.
REPORTED = re.compile(r"^(workload:)?istio_(requests|request_|response_|tcp_(sent|received|conn))")


def _selectors(expression: str) -> list[tuple[str, dict[str, tuple[str, str]]]]:
    """Name and matchers (label → operator, value) of every selector."""
    found: list[tuple[str, dict[str, tuple[str, str]]]] = []

    def walk(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            matchers = {m.name: (str(m.op), m.value) for m in node.matchers.matchers}
            found.append((node.name or "", matchers))
            return
        if isinstance(node, promql_parser.MatrixSelector):
            walk(node.vector_selector)
        for part in ("expr", "lhs", "rhs", "args"):
            inner = getattr(node, part, None)
            for one in inner if isinstance(inner, list) else [inner]:
                if one is not None:
                    walk(one)

    walk(promql_parser.parse(expression))
    return found


def test_selectors_are_found_at_any_depth() -> None:
    expression = 'sum(rate(a{x="1"}[5m])) / (b or label_replace(c, "d", "e", "f", "g"))'
    assert [name for name, _ in _selectors(expression)] == ["a", "b", "c"]


def test_every_selector_of_requests_pins_its_reporter() -> None:
    checked = 0
    for name, title, target in every_target():
        for metric, matchers in _selectors(fill(target["expr"], FILLED)):
            if REPORTED.match(metric):
                checked += 1
                allowed = {"source", "destination", "waypoint", "source|waypoint"}
                allowed.add("destination|waypoint")
                assert matchers.get("reporter", ("", ""))[1] in allowed, (name, title, metric)
    assert checked > 1_000


def test_where_a_waypoint_may_stand_in_it_is_taken_back_where_a_sidecar_speaks() -> None:
    for name, title, target in every_target():
        expression = target["expr"]
        pairs = len(re.findall(r'reporter=~"\w+\|waypoint"', expression))
        if pairs:
            # Spelled out, the stand-in of one form follows its selectors; both forms have theirs.
            assert "unless on (reporter" in expression, (name, title)
            assert '"waypoint",' in expression or '"waypoint", ' in expression


def test_both_sides_of_a_request_signal_are_summed_by_the_same_labels() -> None:
    built = total(CLIENT, "istio_requests_total", ("response_code",))
    inner = re.findall(r"sum by \(([^)]*)\)", built)
    assert inner == [
        "response_code",
        "response_code, source_cluster, destination_cluster",
        "response_code, source_cluster, destination_cluster",
    ]


def _fits(matchers: str, labels: dict[str, str]) -> bool:
    for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
        same = (
            re.fullmatch(value.replace("\\\\", "\\"), labels[label]) is not None
            if "~" in operator
            else labels[label] == value
        )
        if same == operator.startswith("!"):
            return False
    return True


def _kinds(kinds: tuple[tuple[str, ...], ...], labels: dict[str, str]) -> int:
    return sum(_fits(", ".join(kind), labels) for kind in kinds)


CODES = ("0", "101", "200", "301", "404", "429", "499", "500", "503", "504")
FLAGS = ("-", "UT", "UO", "UH", "URX", "DC", "DI", "FI", "NR", "UF,URX", "DC,UT", "UMSDR", "RL")
STATUSES = ("", *map(str, range(17)))


@pytest.mark.parametrize("flags", FLAGS)
def test_failures_are_those_of_the_analysis_and_count_once(flags: str) -> None:
    for code, status in itertools.product(CODES, STATUSES):
        labels = {"response_code": code, "response_flags": flags, "grpc_response_status": status}
        outcome = classify(code, flags, status)
        assert _kinds(FAILURES, labels) == (outcome in FAILED), labels
        assert _kinds(JUDGED, labels) <= 1, labels


@pytest.mark.parametrize("flags", FLAGS)
def test_successes_and_timeouts_are_those_of_the_analysis(flags: str) -> None:
    for code, status in itertools.product(CODES, ("", "0")):
        labels = {"response_code": code, "response_flags": flags, "grpc_response_status": status}
        outcome = classify(code, flags, status)
        if status == "" or code == "200":
            assert _kinds(SUCCESSES, labels) == (outcome is Outcome.SUCCESS), labels
        by_flag = outcome is Outcome.TIMEOUT
        assert _kinds(TIMEOUTS, labels) == by_flag, labels
        if status == "":
            assert _kinds(REFUSED, labels) == (outcome is Outcome.CLIENT_ERROR), labels


def test_a_ratio_of_nothing_is_absent_rather_than_nan() -> None:
    assert ratio("a", "b") == "a / (b > 0)"
    assert total(SERVER.alone, "istio_requests_total").count("waypoint") == 0
