"""The two charts of a recommendation, as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from observe.recommend.model import Recommendation
from observe.report.curves import busiest_mask, deciding_curves, hourly_lines
from observe.report.format import duration_text, quantile_name
from observe.report.plots import cdf_axes, timeline_axes
from observe.report.svg import inline_svg
from observe.report.words import timeout_ms
from observe.signals.latency import TargetLatency

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches. At 72 points an inch a phone shows the text at about its nominal size.
WIDTH, HEIGHT = 5.2, 3.5
#: Left, bottom, width, height of the axes, as shares of the figure.
TAIL_BOX = (0.18, 0.14, 0.79, 0.75)
TIME_BOX = (0.18, 0.33, 0.79, 0.57)
VOLUME_BOX = (0.18, 0.14, 0.79, 0.15)


@dataclass(frozen=True)
class Charts:
    """Inline SVG elements."""

    tail: str
    timeline: str


def charts_of(recommendation: Recommendation, latency: TargetLatency) -> Charts:
    """Both charts of a recommendation as inline SVG."""
    evidence = recommendation.evidence
    name = quantile_name(evidence.quantile)
    tail = inline_svg(
        tail_figure(recommendation, latency),
        f"tail {recommendation.id}",
        f"Share of requests slower than a given duration. {name} "
        f"{duration_text(evidence.estimate_ms)}, proposed timeout "
        f"{duration_text(timeout_ms(recommendation.proposed))}.",
    )
    timeline = inline_svg(
        timeline_figure(recommendation, latency, hourly_lines(latency)),
        f"timeline {recommendation.id}",
        "Latency of successful requests and number of requests over the window.",
    )
    return Charts(tail, timeline)


def tail_figure(recommendation: Recommendation, latency: TargetLatency) -> Figure:
    """The tail with the quantile, its interval and the timeouts."""
    figure = _figure(HEIGHT)
    draw_tail(figure.add_axes(TAIL_BOX, facecolor="none"), recommendation, latency)
    return figure


def timeline_figure(
    recommendation: Recommendation, latency: TargetLatency, hourly: pd.DataFrame
) -> Figure:
    """Latency over the window above the requests of each step."""
    figure = _figure(HEIGHT)
    axes = figure.add_axes(TIME_BOX, facecolor="none")
    volume = figure.add_axes(VOLUME_BOX, facecolor="none")
    draw_timeline(axes, volume, recommendation, latency, hourly)
    return figure


def draw_tail(ax: Axes, recommendation: Recommendation, latency: TargetLatency) -> None:
    """:func:`~observe.report.plots.cdf_axes` with what a recommendation knows."""
    evidence = recommendation.evidence
    cdf_axes(
        ax,
        deciding_curves(latency, recommendation),
        quantile=evidence.quantile,
        estimate=(evidence.estimate_ms, evidence.low_ms, evidence.high_ms),
        bracket=(evidence.bracket_low_ms, evidence.bracket_high_ms),
        proposed_ms=timeout_ms(recommendation.proposed),
        current_ms=timeout_ms(recommendation.current),
    )


def draw_timeline(
    ax: Axes,
    volume: Axes,
    recommendation: Recommendation,
    latency: TargetLatency,
    hourly: pd.DataFrame,
) -> None:
    """:func:`~observe.report.plots.timeline_axes` with what a recommendation knows."""
    timeline_axes(
        ax,
        hourly,
        volume_ax=volume,
        busiest=busiest_mask(latency, recommendation.evidence),
        excluded=recommendation.evidence.excluded,
        proposed_ms=timeout_ms(recommendation.proposed),
        current_ms=timeout_ms(recommendation.current),
    )


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), dpi=72, facecolor="none")
