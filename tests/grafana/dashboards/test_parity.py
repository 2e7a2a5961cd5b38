"""docs/dashboards.md says where each panel of Istio's seven dashboards went: nothing is missing."""

from __future__ import annotations

import re
from pathlib import Path

from dashboard_files import DASHBOARDS

from observe.grafana.preview.ask import panels

PAGE = (Path(__file__).parents[3] / "docs" / "dashboards.md").read_text(encoding="utf-8")

#: Panels of each dashboard that Istio ships (manifests/addons/dashboards of its repository).
THEIRS = {
    "Istio Mesh Dashboard": 7,
    "Istio Control Plane Dashboard": 13,
    "Istio Ztunnel Dashboard": 10,
    "Istio Performance Dashboard": 12,
    "Istio Wasm Extension Dashboard": 7,
    "Istio Service Dashboard": 22,
    "Istio Workload Dashboard": 19,
}


def _rows() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for title, text in re.findall(r"^### (Istio .+)\n((?:(?!^#).*\n?)*)", PAGE, re.M):
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        found[title] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return found


def _ours() -> set[str]:
    return {
        f"{dashboard['title'].removeprefix('Observe / ')} › {panel['title']}"
        for dashboard in DASHBOARDS.values()
        for panel in panels(dashboard)
    }


def test_every_panel_of_theirs_is_listed_once() -> None:
    rows = _rows()
    assert {title: len(lines) for title, lines in rows.items()} == THEIRS
    for title, lines in rows.items():
        names = [line[0] for line in lines]
        assert len(names) == len(set(names)), title


def test_every_panel_of_ours_that_is_named_exists() -> None:
    named = {
        panel.strip()
        for lines in _rows().values()
        for line in lines
        for panel in line[1].split(";")
    }
    assert len(named) > 60
    assert named - _ours() == set()


def test_every_dashboard_of_ours_is_in_the_table() -> None:
    for dashboard in DASHBOARDS.values():
        name = dashboard["title"].removeprefix("Observe / ")
        assert f"| {name} (`{dashboard['uid']}`) |" in PAGE
