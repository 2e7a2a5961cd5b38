"""From what the builders write to what today's Grafana reads without migrating anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Fields that came after the builders' version, with Grafana's own defaults.
_ADDED: dict[str, dict[str, Any]] = {
    "stat": {
        "percentChangeColorMode": "standard",
        "showPercentChange": False,
        "wideLayout": True,
    },
    "bargauge": {
        "legend": {
            "calcs": [],
            "displayMode": "list",
            "placement": "bottom",
            "showLegend": False,
        },
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "sizing": "auto",
    },
    "heatmap": {"tooltip": {"mode": "single"}},
}


def modern(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The dashboard without fields that are gone, and with those that came later."""
    del dashboard["style"]
    for variable in dashboard["templating"]["list"]:
        for field in ("id", "auto", "auto_count", "auto_min"):
            variable.pop(field, None)
    for panel in _panels(dashboard):
        panel["options"] = panel["options"] | _ADDED.get(panel["type"], {})
    return dashboard


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())
