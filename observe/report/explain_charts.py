"""The charts of one target as a picture: all kinds under one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from observe.recommend.model import AnyRecommendation, Withheld
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.policy import Policy
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.build import latency_cubes
from observe.report.charts import draw_tail, draw_timeline
from observe.report.curves import hourly_lines
from observe.report.drawings import (
    FAILURE_CAPTION,
    HOST_CAPTION,
    LOAD_CAPTION,
    TAIL_CAPTION,
)
from observe.report.escape import plain, shorten
from observe.report.explain_find import Item
from observe.report.kinds import lines_of
from observe.report.palette import LIGHT
from observe.report.svg import png
from observe.report.week_plots import failure_axes, host_axes, load_axes
from observe.report.week_series import WeekSeries
from observe.report.words import place, service_name
from observe.signals.latency import TargetLatency
from observe.telemetry.snapshot import Snapshot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    _Draw = Callable[[Axes], object]

#: Inches: width of the picture, height of its heading, and of the two lines above each part.
WIDTH, HEADING, ABOVE = 11.0, 0.45, 0.75


@dataclass(frozen=True)
class _Part:
    """The charts of one recommendation.

    Attributes:
        action: what is advised.
        caption: what is drawn.
        height: inches below the two lines.
        paint: draws into a figure; bottom and height of its box are shares of the figure.
    """

    action: str
    caption: str
    height: float
    paint: Callable[[Figure, float, float], None]


def explain_png(items: Sequence[Item], snapshot: Snapshot, policy: Policy) -> bytes | None:
    """The charts of all kinds that have one, as PNG; None where there is nothing to draw.

    Args:
        items: of one target; what is withheld has no chart.
        snapshot: what the advice was made from.
        policy: what it was made with.
    """
    figure = explain_figure(items, snapshot, policy)
    return None if figure is None else png(figure)


def explain_figure(items: Sequence[Item], snapshot: Snapshot, policy: Policy) -> Figure | None:
    """The figure of :func:`explain_png`."""
    from matplotlib.figure import Figure

    cubes = latency_cubes(snapshot)
    weeks = WeekSeries(snapshot, cubes)
    found = [_part(i, cubes, weeks, policy) for i in items if not isinstance(i, Withheld)]
    parts = [part for part in found if part is not None]
    if not parts:
        return None
    height = HEADING + sum(ABOVE + part.height for part in parts)
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    # A `$` in a label value is no formula.
    write: dict[str, Any] = {"parse_math": False, "ha": "left", "va": "top"}
    heading = shorten(f"{service_name(items[0])} ({place(items[0])})", 110)
    ink = LIGHT["ink"]
    figure.text(0.01, 1 - 0.1 / height, heading, size=13, weight="bold", color=ink, **write)
    top = height - HEADING
    for part in parts:
        figure.text(0.01, top / height, shorten(part.action, 130), size=10.5, color=ink, **write)
        at = (top - 0.24) / height
        figure.text(0.01, at, part.caption, size=9, color=LIGHT["muted"], **write)
        top -= ABOVE + part.height
        part.paint(figure, top / height, part.height / height)
    return figure


def _part(
    item: AnyRecommendation,
    cubes: Mapping[str, TargetLatency],
    weeks: WeekSeries,
    policy: Policy,
) -> _Part | None:
    """How to draw a recommendation; None where the snapshot has nothing to show for it."""
    action = plain(lines_of(item, policy).action)
    if isinstance(item, TimeoutRecommendation):
        latency = cubes.get(item.target.path)
        if latency is None:
            return None
        return _Part(action, TAIL_CAPTION, 3.0, _timeout(item, latency))
    if isinstance(item, RetryRecommendation):
        draw, caption = _retry(item, weeks, policy), FAILURE_CAPTION
    elif isinstance(item, PoolRecommendation):
        draw, caption = _pool(item, weeks), LOAD_CAPTION
    else:
        draw, caption = _outlier(item, weeks), HOST_CAPTION
    return None if draw is None else _Part(action, caption, 2.4, _wide(draw))


def _timeout(
    item: TimeoutRecommendation, latency: TargetLatency
) -> Callable[[Figure, float, float], None]:
    def paint(figure: Figure, bottom: float, height: float) -> None:
        def box(left: float, low: float, high: float) -> Axes:
            return figure.add_axes((left, bottom + low * height, 0.395, (high - low) * height))

        draw_tail(box(0.085, 0.17, 0.96), item, latency)
        hourly = hourly_lines(latency)
        draw_timeline(box(0.59, 0.38, 0.96), box(0.59, 0.17, 0.33), item, latency, hourly)

    return paint


def _retry(item: RetryRecommendation, weeks: WeekSeries, policy: Policy) -> _Draw | None:
    knobs, host = policy.retry, item.target.service or ""
    repeatable = any(fnmatchcase(host, pattern) for pattern in knobs.idempotent)
    week = weeks.failures(item, knobs.interval_confidence, repeatable=repeatable)
    return None if week is None or not week.any else lambda ax: failure_axes(ax, week)


def _pool(item: PoolRecommendation, weeks: WeekSeries) -> _Draw | None:
    week, evidence = weeks.load(item), item.evidence
    if week is None:
        return None
    return lambda ax: load_axes(
        ax,
        week,
        peak=max(evidence.concurrency_client, evidence.concurrency_server or 0.0),
        proposed=item.proposed.get("http2MaxRequests"),
        current=(item.current or {}).get("http2MaxRequests"),
    )


def _outlier(item: OutlierRecommendation, weeks: WeekSeries) -> _Draw | None:
    week = weeks.hosts(item)
    return None if week is None else lambda ax: host_axes(ax, week)


def _wide(draw: _Draw) -> Callable[[Figure, float, float], None]:
    def paint(figure: Figure, bottom: float, height: float) -> None:
        draw(figure.add_axes((0.085, bottom + 0.22 * height, 0.9, 0.74 * height)))

    return paint
