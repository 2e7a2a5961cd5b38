"""A whole dashboard on one page, on Grafana's grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from observe.grafana.preview import cells, plots
from observe.grafana.preview.ask import Answer, Panel, ask
from observe.grafana.preview.theme import Theme
from observe.grafana.preview.variables import Span, fill
from observe.telemetry.client import PrometheusClient

WIDTH, _CELL, _GAP, _HEAD = 1600, 30, 8, 74
_DPI = 100


def draw(
    dashboard: Mapping[str, Any],
    client: PrometheusClient,
    span: Span,
    values: Mapping[str, str],
    path: Path,
    *,
    theme: Theme,
    unfold: bool = False,
) -> list[str]:
    """Draw a dashboard as PNG.

    Args:
        dashboard: classic JSON.
        client: where its queries are asked.
        span: what is drawn.
        values: variables and what they are filled in with.
        path: the picture; its folder exists.
        theme: colours.
        unfold: draw folded rows open.

    Returns:
        Titles of drawn panels that had no data, or whose query was refused.
    """
    placed = places(dashboard, unfold=unfold)
    bottom = max(y + h for _, _, y, _, h in placed)
    height = _HEAD + bottom * (_CELL + _GAP) + _GAP
    figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor=theme.page)
    FigureCanvasAgg(figure)
    _header(figure, dashboard, values, theme, height)
    empty = []
    with matplotlib.rc_context({"font.family": "DejaVu Sans"}):
        for panel, *box in placed:
            if panel["type"] == "row":
                _row(figure, panel, box, theme, height, folded=not unfold)
                continue
            answers = ask(panel, client, span, values)
            _panel(figure, panel, answers, box, theme, height, values)
            if not any(answer.series for answer in answers):
                empty.append(str(panel["title"]))
    figure.savefig(path, dpi=_DPI, facecolor=theme.page)
    return empty


def places(dashboard: Mapping[str, Any], *, unfold: bool) -> list[tuple[Panel, int, int, int, int]]:
    """Panels and rows with x, y, width and height on the grid; open rows push the rest down."""
    found = []
    pushed = 0
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        found.append((panel, at["x"], at["y"] + pushed, at["w"], at["h"]))
        inner = panel.get("panels", ()) if unfold else ()
        for one in inner:
            spot = one["gridPos"]
            found.append((one, spot["x"], spot["y"] + pushed, spot["w"], spot["h"]))
        if inner:
            pushed += max(o["gridPos"]["y"] + o["gridPos"]["h"] for o in inner) - at["y"] - 1
    return found


def _pixels(box: Sequence[int]) -> tuple[float, float, float, float]:
    x, y, w, h = box
    column = (WIDTH - _GAP) / 24
    return (
        x * column + _GAP,
        _HEAD + y * (_CELL + _GAP),
        w * column - _GAP,
        h * (_CELL + _GAP) - _GAP,
    )


def _axes(figure: Figure, left: float, top: float, width: float, height: float, page: float) -> Any:
    return figure.add_axes((left / WIDTH, 1 - (top + height) / page, width / WIDTH, height / page))


def _text(figure: Figure, x: float, y: float, page: float, text: str, **style: Any) -> None:
    figure.text(x / WIDTH, 1 - y / page, text, va="center", **style)


def _header(
    figure: Figure,
    dashboard: Mapping[str, Any],
    values: Mapping[str, str],
    theme: Theme,
    page: float,
) -> None:
    _text(figure, 14, 20, page, dashboard["title"], fontsize=14, color=theme.text, weight="bold")
    x = 14.0
    for variable in dashboard["templating"]["list"]:
        value = values.get(variable["name"], "")
        shown = "All" if value in (".*", "") else value.replace("\\\\", "")
        if variable["type"] == "datasource":
            shown = "Prometheus"
        text = f"{variable.get('label', variable['name'])}:  {shown}"
        _text(figure, x, 52, page, text, fontsize=9.5, color=theme.muted)
        x += 44 + 7.2 * len(text)


def _row(
    figure: Figure, panel: Panel, box: Sequence[int], theme: Theme, page: float, *, folded: bool
) -> None:
    left, top, _, height = _pixels(box)
    closed = folded and panel.get("collapsed")
    count = f"   ({len(panel['panels'])} panels)" if closed else ""
    text = f"{'›' if closed else '⌄'}  {panel['title']}{count}"
    _text(figure, left + 4, top + height / 2, page, text, fontsize=11, color=theme.text)


def _panel(
    figure: Figure,
    panel: Panel,
    answers: Sequence[Answer],
    box: Sequence[int],
    theme: Theme,
    page: float,
    values: Mapping[str, str],
) -> None:
    left, top, width, height = _pixels(box)
    frame = _axes(figure, left, top, width, height, page)
    frame.set_axis_off()
    frame.add_patch(
        FancyBboxPatch((0, 0), 1, 1, boxstyle="square,pad=0", facecolor=theme.panel,
                       edgecolor=theme.border, linewidth=1, transform=frame.transAxes)
    )  # fmt: skip
    title = fill(str(panel["title"]), values)
    _text(figure, left + 10, top + 16, page, title, fontsize=9.5, color=theme.text)
    inside = (left + 10, top + 30, width - 20, height - 38)
    refused = next((answer.error for answer in answers if answer.error), "")
    found = [one for answer in answers for one in answer.series]
    if refused or not found:
        if panel["type"] == "stat" and not refused:
            cells.number(_axes(figure, *inside, page), panel, found, theme)
            return
        text = refused[:90] or "No data"
        _text(figure, left + width / 2, top + height / 2, page, text, ha="center", fontsize=11,
              color=theme.muted)  # fmt: skip
        return
    _content(figure, panel, answers, inside, theme, page)


def _content(
    figure: Figure,
    panel: Panel,
    answers: Sequence[Answer],
    inside: tuple[float, float, float, float],
    theme: Theme,
    page: float,
) -> None:
    left, top, width, height = inside
    found = [one for answer in answers for one in answer.series]
    kind = panel["type"]
    if kind == "stat":
        cells.number(_axes(figure, *inside, page), panel, found, theme)
    elif kind == "bargauge":
        cells.bars(_axes(figure, *inside, page), panel, found, theme)
    elif kind == "table":
        rows = int(height / 27) - 1
        cells.table(_axes(figure, *inside, page), panel, answers, theme, rows)
    elif kind == "state-timeline":
        plots.bands(
            _axes(figure, left + 190, top, width - 195, height - 18, page), panel, found, theme
        )
    elif kind == "heatmap":
        plots.heat(
            _axes(figure, left + 48, top, width - 52, height - 18, page), panel, found, theme
        )
    else:
        _lines_with_legend(figure, panel, found, inside, theme, page)


def _lines_with_legend(
    figure: Figure,
    panel: Panel,
    found: Sequence[Any],
    inside: tuple[float, float, float, float],
    theme: Theme,
    page: float,
) -> None:
    left, top, width, height = inside
    room = max(1, int(height * 0.34 / 15) - 1)
    rows = plots.legend_rows(panel, found)[:room]
    below = 15 * (len(rows) + 1) + 6
    plots.lines(
        _axes(figure, left + 58, top, width - 62, height - below - 20, page), panel, found, theme
    )
    y = top + height - below + 8
    right = left + width
    for text, x in (("Last", right - 70), ("Max", right)):
        _text(figure, x, y, page, text, fontsize=7.5, color="#6e9fff", ha="right")
    for number, (tint, name, last, most) in enumerate(rows, 1):
        at = y + 15 * number
        _text(figure, left, at, page, "━", fontsize=8, color=tint)
        room_for_name = max(8, int((width - 160) / 5.6))
        shown = name if len(name) <= room_for_name else f"{name[: room_for_name - 1]}…"
        _text(figure, left + 16, at, page, shown, fontsize=7.5, color=theme.text)
        _text(figure, right - 70, at, page, last, fontsize=7.5, color=theme.text, ha="right")
        _text(figure, right, at, page, most, fontsize=7.5, color=theme.text, ha="right")
