"""The checked-in dashboards, taken apart for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from observe.grafana.preview.ask import panels

FOLDER = Path(__file__).parent.parent / "dashboards"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
}


def every_panel() -> Iterator[tuple[str, dict[str, Any]]]:
    """File name and panel."""
    for name, dashboard in DASHBOARDS.items():
        for panel in panels(dashboard):
            yield name, dict(panel)


def every_target() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File name, title of the panel, query."""
    for name, panel in every_panel():
        for target in panel["targets"]:
            yield name, panel["title"], target
