"""A report from advice and the snapshot it was made from: pure, same input, same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.model import Advice
from observe.report.content import report_content
from observe.report.drawings import draw_all
from observe.report.gauges import recommendations_prom
from observe.report.html import IN_FULL, render_html
from observe.report.markdown import render_markdown
from observe.report.week_series import WeekSeries
from observe.signals.latency import TargetLatency, latency_by_target
from observe.telemetry.snapshot import Snapshot


@dataclass(frozen=True)
class ReportFiles:
    """The texts of a report.

    Attributes:
        html: report.html, one self-contained page.
        markdown: report.md.
        json: recommendations.json.
        prom: recommendations.prom.
    """

    html: str
    markdown: str
    json: str
    prom: str


def build_report(advice: Advice, snapshot: Snapshot, previous: Advice | None = None) -> ReportFiles:
    """Render a report.

    Args:
        advice: what is recommended.
        snapshot: the telemetry it was made from.
        previous: the advice of an earlier report, to tell what is new.

    Raises:
        pydantic.ValidationError: the policy in the advice is none.
    """
    cubes = latency_cubes(snapshot)
    content = report_content(advice, snapshot, cubes, previous)
    whole = [e.recommendation for part in content.services[:IN_FULL] for e in part.entries]
    drawings = draw_all(whole, cubes, WeekSeries(snapshot, cubes), content.policy)
    return ReportFiles(
        html=render_html(content, drawings),
        markdown=render_markdown(content),
        json=advice.model_dump_json(by_alias=True, indent=2) + "\n",
        prom=recommendations_prom(advice),
    )


def latency_cubes(snapshot: Snapshot) -> dict[str, TargetLatency]:
    """Latency by target path; empty when the snapshot holds no durations."""
    return {} if snapshot.latency.empty else latency_by_target(snapshot)
