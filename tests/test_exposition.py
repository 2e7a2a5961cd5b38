"""Pages are in Prometheus's text format."""

from __future__ import annotations

import math

from observe.exposition import page, series_text


def test_a_series_is_its_name_and_its_labels() -> None:
    labels = {"__name__": "istio_requests_total", "response_code": "200", "pod": "a-1"}
    assert series_text(labels) == 'istio_requests_total{response_code="200",pod="a-1"}'


def test_empty_labels_are_left_out_because_prometheus_knows_none() -> None:
    assert series_text({"__name__": "up", "grpc_response_status": ""}) == "up{}"


def test_quotes_backslashes_and_ends_of_lines_are_escaped() -> None:
    assert series_text({"__name__": "x", "a": 'q"\\\n'}) == 'x{a="q\\"\\\\\\n"}'


def test_a_page_has_a_line_for_each_series_that_is_there() -> None:
    samples = [("a{}", 3.0), ("b{}", math.nan), ("c{}", 0.1), ("d{}", 1e21)]
    assert page(samples) == "a{} 3.0\nc{} 0.1\nd{} 1e+21\n"
