"""`observe report --grafana-url`: the report is marked on the dashboards, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from grafana_contract import Contract
from grafana_double import TOKEN, GrafanaDouble
from reference import reference
from running import Observe, Run

from observe.export.advice_io import parse_advice
from observe.grafana.annotate import report_line


@pytest.fixture
def double() -> Iterator[GrafanaDouble]:
    with GrafanaDouble(Contract(reference("grafana", "grafana-http-api-2026-07.json"))) as server:
        yield server


@pytest.fixture
def report(
    observe: Observe, snapshot_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Observe:
    monkeypatch.setenv("OBSERVE_GRAFANA_TOKEN", TOKEN)

    def run(*more: object) -> Run:
        words = ("report", "--snapshot", snapshot_folder, "--output", tmp_path / "out", *more)
        return observe(*words)

    return run


def test_a_report_is_marked_at_the_end_of_its_window_and_only_once(
    double: GrafanaDouble, report: Observe, tmp_path: Path
) -> None:
    first, second = (report("--grafana-url", double.url) for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "The report marked on the dashboards of" in first.err
    assert "The report was marked before on the dashboards of" in second.err
    advice = parse_advice((tmp_path / "out/recommendations.json").read_text(), "r")
    (mark,) = double.annotations
    assert mark["time"] == 1000 * int(advice.window.end.timestamp())
    assert mark["tags"] == ["observe-report"]
    assert mark["text"] == report_line(advice)
    assert f"{len(advice.withheld)} withheld" in mark["text"]


def test_a_grafana_that_refuses_costs_the_mark_and_not_the_report(
    double: GrafanaDouble, report: Observe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVE_GRAFANA_TOKEN", "glsa_wrong")
    run = report("--grafana-url", double.url)
    assert run.code == 3
    assert "refuses the token (HTTP 401, look for annotations)" in run.error
    assert (tmp_path / "out/report.html").exists()
    assert double.annotations == []


def test_an_address_that_is_none_is_said_before_the_work(report: Observe, tmp_path: Path) -> None:
    run = report("--grafana-url", "grafana:3000")
    assert run.code == 2
    assert "the Grafana's address is none" in run.error
    assert not (tmp_path / "out").exists()
