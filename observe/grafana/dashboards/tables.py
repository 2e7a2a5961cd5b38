"""Tables: one row for each label set, one column for each query, names that lead on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import dashboard as model

from observe.grafana.dashboards.panels import DATASOURCE, GREEN, Query, Steps, targets


@dataclass(frozen=True)
class Label:
    """A column that holds a label.

    Attributes:
        label: its name on the series.
        title: head of the column.
        link: address that its cells lead to; empty for none.
    """

    label: str
    title: str
    link: str = ""


@dataclass(frozen=True)
class Value:
    """A column that holds the answer of a query; `shade` colours the cell by these steps."""

    title: str
    expr: str
    unit: str
    shade: Steps = ()
    decimals: int | None = None


def table(
    title: str,
    description: str,
    labels: Sequence[Label],
    values: Sequence[Value],
    *,
    sort: str = "",
) -> Any:
    """Instant answers side by side.

    Args:
        title: title of the panel.
        description: what it shows, what good looks like, what to do.
        labels: columns that make a row; the queries must keep exactly these labels.
        values: one column for each query.
        sort: title of the column to sort by, largest first; the first value when empty.
    """
    panel = tables.Panel().title(title).description(description).datasource(DATASOURCE)
    panel = panel.unit(values[0].unit)
    panel = panel.targets(targets([Query(v.expr) for v in values], instant=True, table=True))
    panel = panel.transformations(_side_by_side(labels, values))
    for label in labels:
        if label.link:
            panel = panel.override_by_name(label.title, [_links(label)])
    for value in values:
        panel = panel.override_by_name(value.title, _properties(value))
    order = common.TableSortByFieldState().display_name(sort or values[0].title).desc(True)
    return panel.sort_by([order])


def _side_by_side(labels: Sequence[Label], values: Sequence[Value]) -> list[Any]:
    # With a single query Grafana calls its column "Value", with several "Value #A" and so on.
    letters = [f"Value #{chr(ord('A') + n)}" for n in range(len(values))]
    if len(values) == 1:
        letters = ["Value"]
    names = [label.label for label in labels] + letters
    titles = [label.title for label in labels] + [value.title for value in values]
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {name: number for number, name in enumerate(names)},
        "renameByName": dict(zip(names, titles, strict=True)),
    }
    return [
        model.DataTransformerConfig(id_val="merge", options={}),
        model.DataTransformerConfig(id_val="organize", options=organize),
    ]


def _links(label: Label) -> model.DynamicConfigValue:
    link = {"title": f"Open {label.title.lower()}", "url": label.link, "targetBlank": False}
    return model.DynamicConfigValue(id_val="links", value=[link])


def _properties(value: Value) -> list[model.DynamicConfigValue]:
    found: list[tuple[str, Any]] = [("unit", value.unit)]
    if value.decimals is not None:
        found.append(("decimals", value.decimals))
    if value.shade:
        # What is good stays plain, so that what is not is seen at once.
        plain = [(at, "transparent" if color == GREEN else color) for at, color in value.shade]
        steps = [{"value": at, "color": color} for at, color in plain]
        found.append(("thresholds", {"mode": "absolute", "steps": steps}))
        found.append(("custom.cellOptions", {"type": "color-background", "mode": "basic"}))
    return [model.DynamicConfigValue(id_val=key, value=content) for key, content in found]
