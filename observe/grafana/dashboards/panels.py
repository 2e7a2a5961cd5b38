"""Panels, said in few words: what is asked, its unit, and what good looks like.

Every panel has a description that says what it shows, what good looks like and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmap_options
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from observe.grafana.dashboards.pretty import pretty

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "#EAB839", "orange", "red", "blue"
DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

#: Value from which on a colour holds; the first one is the base.
Steps = Sequence[tuple[float | None, str]]
NEUTRAL: Steps = ((None, BLUE),)


@dataclass(frozen=True)
class Query:
    """One expression of a panel and what its series are called."""

    expr: str
    legend: str = ""


def targets(queries: Sequence[Query], *, instant: bool = False, table: bool = False) -> list[Any]:
    """Queries as a panel takes them, with the letters that Grafana refers to them by."""
    made = []
    for number, query in enumerate(queries):
        target = (
            prometheus.Dataquery()
            .expr(pretty(query.expr))
            .ref_id(chr(ord("A") + number))
            .datasource(DATASOURCE)
            .legend_format(query.legend or "__auto")
        )
        target = target.instant() if instant else target.range()
        if table or query.legend == "{{le}}":
            kind = PromQueryFormat.TABLE if table else PromQueryFormat.HEATMAP
            target = target.format(kind)
        made.append(target)
    return made


def thresholds(steps: Steps) -> Any:
    """Colours by value."""
    listed = [model.Threshold(value=value, color=color) for value, color in steps]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(listed)


def _base(panel: Any, title: str, description: str, unit: str) -> Any:
    return panel.title(title).description(description).unit(unit).datasource(DATASOURCE)


def series(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    steps: Steps = (),
    stacked: bool = False,
    bars: bool = False,
    top: float | None = None,
    legend: bool = True,
) -> Any:
    """Lines over time; thresholds are drawn as dashed lines."""
    panel = _base(timeseries.Panel(), title, description, unit).min(0).line_width(1.5)
    panel = panel.fill_opacity(70 if bars else 25 if stacked else 8)
    panel = panel.show_points(options.VisibilityMode.NEVER).targets(targets(queries))
    panel = panel.span_nulls(False).tooltip(
        common.VizTooltipOptions()
        .mode(options.TooltipDisplayMode.MULTI)
        .sort(options.SortOrder.DESCENDING)
    )
    panel = panel.legend(_legend(legend)).color_scheme(
        dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC)
    )
    panel = panel.thresholds(thresholds(steps or ((None, GREEN),)))
    if unit == "percentunit":
        panel = panel.axis_soft_max(0.01)  # nothing but zeros is no reason for an axis up to 100 %
    if bars:
        panel = panel.draw_style(options.GraphDrawStyle.BARS)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL).group("A"))
    if steps:
        panel = panel.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(options.GraphTresholdsStyleMode.DASHED)
        )
    return panel.max(top) if top is not None else panel


def _legend(shown: bool) -> Any:
    """A table under the plot: the last value and the largest, by which people compare."""
    return (
        common.VizLegendOptions()
        .show_legend(shown)
        .display_mode(options.LegendDisplayMode.TABLE)
        .placement(options.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
        .sort_by("Max")
        .sort_desc(True)
    )


def stat(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    steps: Steps = NEUTRAL,
    decimals: int | None = None,
    none: str = "",
    spark: bool = True,
    text: bool = False,
) -> Any:
    """One number with its course behind it; with `text` the names of the series."""
    panel = _base(stats.Panel(), title, description, unit)
    panel = panel.targets(targets([query], instant=not spark)).reduce_options(_last())
    area = options.BigValueGraphMode.AREA if spark else options.BigValueGraphMode.NONE
    panel = panel.graph_mode(area).thresholds(thresholds(steps))
    panel = panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    panel = panel.color_mode(options.BigValueColorMode.VALUE)
    if text:
        panel = panel.text_mode(options.BigValueTextMode.VALUE_AND_NAME)
    if none:
        panel = panel.no_value(none)
    return panel if decimals is None else panel.decimals(decimals)


def _last() -> Any:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def bars(title: str, description: str, unit: str, query: Query, *, steps: Steps = NEUTRAL) -> Any:
    """One bar for each series: who is the worst."""
    panel = _base(bargauge.Panel(), title, description, unit).min(0)
    panel = panel.targets(targets([query], instant=True)).reduce_options(_last())
    panel = panel.orientation(options.VizOrientation.HORIZONTAL).thresholds(thresholds(steps))
    panel = panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    return panel.display_mode(options.BarGaugeDisplayMode.BASIC).show_unfilled(True)


def distribution(title: str, description: str, unit: str, expr: str) -> Any:
    """A heatmap of a histogram's buckets over time."""
    color = heatmap.HeatmapColorOptions().mode(heatmap_options.HeatmapColorMode.SCHEME)
    color = color.scheme("Oranges").steps(64).exponent(0.5).fill("dark-orange").reverse(False)
    panel = _base(heatmap.Panel(), title, description, unit)
    panel = panel.targets(targets([Query(expr, "{{le}}")])).calculate(False)
    axis = heatmap.YAxisConfig().unit(unit).axis_placement(options.AxisPlacement.LEFT)
    return panel.y_axis(axis).color(color).show_legend().show_tooltip().cell_gap(1)


def states(title: str, description: str, unit: str, query: Query, *, steps: Steps) -> Any:
    """One band for each series, coloured by its value: since when."""
    panel = _base(statetimeline.Panel(), title, description, unit)
    panel = panel.targets(targets([query])).thresholds(thresholds(steps))
    panel = panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    panel = panel.merge_values(True).show_value(options.VisibilityMode.NEVER).row_height(0.85)
    legend = common.VizLegendOptions().show_legend(False)
    legend = legend.display_mode(options.LegendDisplayMode.LIST)
    return panel.legend(legend.placement(options.LegendPlacement.BOTTOM))
