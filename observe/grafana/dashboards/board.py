"""A dashboard around its panels: grid, rows, variables, links and annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from observe.grafana.dashboards.current_schema import modern
from observe.grafana.dashboards.links import TAG, siblings
from observe.grafana.dashboards.panels import DATASOURCE
from observe.grafana.dashboards.pretty import pretty
from observe.grafana.dashboards.variables import CLUSTER, datasource

COLUMNS = 24
#: The form of the JSON, as Grafana counts it; older servers read it as well.
SCHEMA_VERSION = 42


@dataclass(frozen=True)
class Line:
    """Panels side by side, of one height; equally wide unless told."""

    height: int
    panels: Sequence[Any]
    widths: Sequence[int] = ()


@dataclass(frozen=True)
class Section:
    """A row with its panels; folded ones are not asked for until somebody opens them."""

    title: str
    lines: Sequence[Line]
    folded: bool = False


@dataclass(frozen=True)
class Board:
    """What a dashboard is made of; `variables` come after the data source."""

    uid: str
    title: str
    description: str
    variables: Sequence[Any]
    sections: Sequence[Section]
    links: Sequence[Any] = ()
    since: str = "now-6h"
    refresh: str = "1m"


def built(board: Board) -> dict[str, Any]:
    """The dashboard as Grafana's classic JSON."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG, "istio"])
        .readonly()
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh(board.refresh)
        .variables([datasource(), *board.variables])
        .annotations(_annotations())
        .links([siblings(), *board.links])
    )
    _fill(made, board.sections)
    document = made.build()
    document.schema_version = SCHEMA_VERSION
    loaded: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(document))
    return modern(loaded)


def _fill(made: Any, sections: Sequence[Section]) -> None:
    """Rows and panels onto the grid; a section without a title stands at the top, without a row."""
    y, number = 0, 1
    for section in sections:
        row = None
        if section.title:
            row = dashboard.Row(section.title).id(number).collapsed(section.folded)
            row = row.grid_pos(model.GridPos(x=0, y=y, w=COLUMNS, h=1))
            y, number = y + 1, number + 1
        placed, height = _placed(section.lines, y, number)
        number += len(placed)
        if row is not None and section.folded:
            for panel in placed:
                row = row.with_panel(panel)
            made.with_row(row)
            continue
        if row is not None:
            made.with_row(row)
        for panel in placed:
            made.with_panel(panel)
        y += height


def _placed(lines: Sequence[Line], y: int, number: int) -> tuple[list[Any], int]:
    """Panels with places and ids, and how high they are together."""
    placed: list[Any] = []
    top = y
    for line in lines:
        count = len(line.panels)
        widths = line.widths or [COLUMNS // count] * count
        if sum(widths) != COLUMNS:
            raise ValueError(f"a line of {count} panels is {sum(widths)} columns wide")
        x = 0
        for panel, width in zip(line.panels, widths, strict=True):
            at = model.GridPos(x=x, y=y, w=width, h=line.height)
            placed.append(panel.grid_pos(at).id(number + len(placed)))
            x += width
        y += line.height
    return placed, y - top


#: A Deployment whose specification was changed within the last scrapes.
DEPLOYED = (
    f"changes(kube_deployment_status_observed_generation{{{CLUSTER}}}[5m]) > 0 "
    f"or changes(workload:kube_deployment_status_observed_generation:max"
    f"{{{CLUSTER}}}[5m]) > 0"
)


def _annotations() -> list[Any]:
    rollout = (
        dashboard.AnnotationQuery()
        .name("Deployments")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("purple")
        .expr(pretty(DEPLOYED))
    )
    report = (
        dashboard.AnnotationQuery()
        .name("Tuning reports")
        .datasource(model.DataSourceRef(type_val="grafana", uid="-- Grafana --"))
        .enable(True)
        .icon_color("blue")
        .type("tags")
        .target(
            dashboard.AnnotationTarget()
            .limit(100)
            .match_any(False)
            .tags(["observe-report"])
            .type("tags")
        )
    )
    return [rollout, report]
