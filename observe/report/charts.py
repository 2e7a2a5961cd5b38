"""The two charts of a timeout, and the figures that charts of all kinds are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.curves import busiest_mask, deciding_curves, hourly_lines
from observe.report.format import duration_text, quantile_name
from observe.report.plots import cdf_axes, timeline_axes
from observe.report.svg import inline_svg
from observe.report.timeout_lines import timeout_ms
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
#: Charts of a whole window are lower: they have one line of labels less.
WEEK_HEIGHT = 2.6
WEEK_BOX = (0.18, 0.18, 0.79, 0.7)


@dataclass(frozen=True)
class Charts:
    """Inline SVG elements."""

    tail: str
    timeline: str


class ChartPress:
    """Draws the charts of many recommendations on the same two figures.

    A new figure with its axes and ticks costs more than what is drawn on it. A chart does not
    depend on what was drawn before.
    """

    def __init__(self) -> None:
        self._tail = _figure()
        self._tail_axes = self._tail.add_axes(TAIL_BOX, facecolor="none")
        self._time = _figure()
        self._time_axes = self._time.add_axes(TIME_BOX, facecolor="none")
        self._volume_axes = self._time.add_axes(VOLUME_BOX, facecolor="none")

        self.week_figure = _figure(WEEK_HEIGHT)
        self._week_axes = self.week_figure.add_axes(WEEK_BOX, facecolor="none")

    def week_axes(self) -> Axes:
        """The empty axes of :attr:`week_figure`, for one chart over the window."""
        _wipe(self._week_axes)
        return self._week_axes

    def charts(self, recommendation: TimeoutRecommendation, latency: TargetLatency) -> Charts:
        """Both charts of a recommendation as inline SVG."""
        for axes in (self._tail_axes, self._time_axes, self._volume_axes):
            _wipe(axes)
        evidence = recommendation.evidence
        draw_tail(self._tail_axes, recommendation, latency)
        tail = (
            f"Share of requests slower than a given duration. {quantile_name(evidence.quantile)} "
            f"{duration_text(evidence.estimate_ms)}, proposed timeout "
            f"{duration_text(timeout_ms(recommendation.proposed))}."
        )
        hourly = hourly_lines(latency)
        draw_timeline(self._time_axes, self._volume_axes, recommendation, latency, hourly)
        time = "Latency of successful requests and number of requests over the window."
        return Charts(
            inline_svg(self._tail, f"tail {recommendation.id}", tail),
            inline_svg(self._time, f"timeline {recommendation.id}", time),
        )


def _wipe(ax: Axes) -> None:
    """Take off what was drawn; scales, limits and ticks are set anew by every chart."""
    for artist in [*ax.lines, *ax.patches, *ax.texts, *ax.collections]:
        artist.remove()
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()


def _figure(height: float = HEIGHT) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), dpi=72, facecolor="none")


def draw_tail(ax: Axes, recommendation: TimeoutRecommendation, latency: TargetLatency) -> None:
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
    recommendation: TimeoutRecommendation,
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
