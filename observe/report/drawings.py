"""The charts of all recommendations as inline SVG, each with its caption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from observe.recommend.model import AnyRecommendation
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.policy import Policy
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.report.charts import ChartPress
from observe.report.svg import inline_svg
from observe.report.week_plots import failure_axes, host_axes, load_axes
from observe.report.week_series import WeekSeries
from observe.signals.latency import TargetLatency


@dataclass(frozen=True)
class Drawing:
    """An inline SVG element, and what it shows as a sentence."""

    svg: str
    caption: str


def draw_all(
    recommendations: Iterable[AnyRecommendation],
    cubes: Mapping[str, TargetLatency],
    weeks: WeekSeries,
    policy: Policy,
) -> dict[str, list[Drawing]]:
    """Charts by id of the recommendation; absent where the snapshot has nothing to draw.

    Args:
        recommendations: in the order in which they are drawn.
        cubes: latency by target path.
        weeks: the series of the same snapshot.
        policy: the policy that the advice was made with.
    """
    artist = _Artist(cubes, weeks, policy)
    drawn = {r.id: artist.draw(r) for r in recommendations}
    return {name: some for name, some in drawn.items() if some}


#: Where steps hardly have anything under way on average, a chart shows a flat line.
_FLAT = 0.2


class _Artist:
    def __init__(
        self, cubes: Mapping[str, TargetLatency], weeks: WeekSeries, policy: Policy
    ) -> None:
        self._cubes, self._weeks, self._policy = cubes, weeks, policy
        self._press = ChartPress()

    def draw(self, recommendation: AnyRecommendation) -> list[Drawing]:
        if isinstance(recommendation, RetryRecommendation):
            return self._retry(recommendation)
        if isinstance(recommendation, PoolRecommendation):
            return self._pool(recommendation)
        if isinstance(recommendation, OutlierRecommendation):
            return self._outlier(recommendation)
        latency = self._cubes.get(recommendation.target.path)
        if latency is None:
            return []
        charts = self._press.charts(recommendation, latency)
        return [Drawing(charts.tail, TAIL_CAPTION), Drawing(charts.timeline, TIMELINE_CAPTION)]

    def _retry(self, recommendation: RetryRecommendation) -> list[Drawing]:
        knobs = self._policy.retry
        host = recommendation.target.service or ""
        week = self._weeks.failures(
            recommendation,
            knobs.interval_confidence,
            repeatable=any(fnmatchcase(host, pattern) for pattern in knobs.idempotent),
        )
        if week is None or not week.any:
            return []
        failure_axes(self._press.week_axes(), week)
        return [self._printed(recommendation, FAILURE_CAPTION)]

    def _pool(self, recommendation: PoolRecommendation) -> list[Drawing]:
        week = self._weeks.load(recommendation)
        evidence = recommendation.evidence
        peak = max(evidence.concurrency_client, evidence.concurrency_server or 0.0)
        urgent = recommendation.severity in ("critical", "warning")
        if week is None or (week.highest < _FLAT * peak and not urgent):
            return []
        load_axes(
            self._press.week_axes(),
            week,
            peak=peak,
            proposed=recommendation.proposed.get("http2MaxRequests"),
            current=(recommendation.current or {}).get("http2MaxRequests"),
        )
        return [self._printed(recommendation, LOAD_CAPTION)]

    def _outlier(self, recommendation: OutlierRecommendation) -> list[Drawing]:
        week = self._weeks.hosts(recommendation)
        if week is None:
            return []
        host_axes(self._press.week_axes(), week)
        return [self._printed(recommendation, HOST_CAPTION)]

    def _printed(self, recommendation: AnyRecommendation, caption: str) -> Drawing:
        figure = self._press.week_figure
        return Drawing(inline_svg(figure, f"week {recommendation.id}", caption), caption)


TAIL_CAPTION = (
    "How many requests are slower than a given duration. Dots are counted at the bucket bounds, "
    "lines are interpolated."
)
TIMELINE_CAPTION = "Latency of successes and requests per second, step by step."
FAILURE_CAPTION = (
    "Share of the requests that fail, hour by hour; the lower end of the scale stands for none. "
    "What a retry may cure is smoothed outside of bursts by as much as chance explains."
)
LOAD_CAPTION = (
    "Requests under way by Little's law, the busiest step of each hour, beside the p99.9 at the "
    "peak that the limit was made from."
)
HOST_CAPTION = (
    "Share of errors of each host that failed alone, hour by hour; the lower end of the scale "
    "stands for none."
)
