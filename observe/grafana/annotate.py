"""A mark on Grafana's timelines for each tuning report, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from observe.grafana.provision.faults import translated

if TYPE_CHECKING:
    from observe.grafana.provision.server import GrafanaServer
    from observe.recommend.model import Advice

#: The dashboards show annotations with this tag.
REPORT_TAG = "observe-report"


def annotate_report(server: GrafanaServer, advice: Advice) -> bool:
    """Mark the end of a report's window, with what the report says in one line.

    Args:
        server: gets an annotation of the whole organisation, which all dashboards show.
        advice: the report.

    Returns:
        Whether a mark was made; False where the same one is there already.

    Raises:
        SourceError: Grafana does not answer, or refuses.
    """
    at = round(1000 * advice.window.end.timestamp())
    text = report_line(advice)
    with translated("look for annotations", server.host):
        find = server.api.annotations.find_annotations
        held = find(time_from=at, time_to=at + 1, tags=[REPORT_TAG])
        if any(one["text"] == text for one in held):
            return False
    with translated("add an annotation", server.host):
        # grafana-client's own call sends null for the panel and the end
        body = {"time": at, "tags": [REPORT_TAG], "text": text}
        server.api.client.POST("/annotations", json=body)
    return True


def report_line(advice: Advice) -> str:
    """What a report says, in one line of plain text."""
    found = advice.recommendations
    critical = sum(r.severity == "critical" for r in found)
    changes = sum(r.severity != "ok" for r in found)
    parts = [
        f"{changes} to change" + (f", {critical} of them critical" if critical else ""),
        f"{len(found) - changes} fit as they are",
        f"{len(advice.withheld)} withheld",
    ]
    span = f"{advice.window.start:%F %H:%M} to {advice.window.end:%F %H:%M} UTC"
    return f"Observe report of {span}: {'; '.join(parts)}"
