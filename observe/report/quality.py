"""How good the telemetry is that a report rests on."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.model import Advice
from observe.report.format import bytes_text, count_text, length_text, plural, share_text
from observe.signals.targets import edges_with_target
from observe.telemetry.snapshot import Snapshot


@dataclass(frozen=True)
class Fact:
    """One line about the data: what, how much, and what to do where it is not good."""

    name: str
    value: str
    advice: str = ""


def quality_facts(advice: Advice, snapshot: Snapshot) -> tuple[Fact, ...]:
    """Facts about coverage, resolution, size and cost."""
    source, window = advice.source, advice.window
    cost = snapshot.manifest.cost
    edges = snapshot.edges
    services = edges[["cluster", "destination_service"]].drop_duplicates()
    facts = [
        Fact("Scrapes present", share_text(source.coverage), _coverage_advice(advice)),
        Fact("Scrape interval", length_text(source.scrape_interval_seconds)),
        Fact("Resolution", _resolution(advice)),
        Fact("Window", length_text(window.length.total_seconds()), _window_advice(advice)),
        Fact("Requests", count_text(spoken_requests(snapshot)), _requests_advice(snapshot)),
        Fact("Services", plural(len(services), "service")),
        Fact("Calls", plural(len(edges), "edge") + " (client workload, service, reporter)"),
        Fact("Warnings of the server", plural(len(source.warnings), "warning")),
        Fact("Missing pieces", plural(len(advice.missing), "piece")),
    ]
    if cost.queries:
        text = f"{cost.seconds:.1f} s of answering, {bytes_text(cost.bytes)}"
        facts.append(
            Fact("Cost of collecting", f"{plural(cost.queries, 'query', 'queries')}, {text}")
        )
    return tuple(facts)


def spoken_requests(snapshot: Snapshot) -> float:
    """Requests as the clients' side counted them, so that none is counted twice."""
    edges = edges_with_target(snapshot.edges)
    spoken = edges.loc[edges["speaks"], "edge"]
    rows = snapshot.requests
    return float(rows.loc[rows["edge"].isin(spoken), "requests"].sum())


def _coverage_advice(advice: Advice) -> str:
    if advice.source.coverage >= 0.98:
        return ""
    return "Scrapes are missing: look for targets that are down, and for gaps in Prometheus."


def _window_advice(advice: Advice) -> str:
    if advice.window.days >= 6:
        return ""
    return "Less than a week: weekly peaks may be missing."


def _requests_advice(snapshot: Snapshot) -> str:
    if not snapshot.requests.empty:
        return ""
    return (
        "No request was seen: check that this Prometheus scrapes the sidecars "
        "(istio_requests_total) and that the window has traffic."
    )


def _resolution(advice: Advice) -> str:
    fine = length_text(advice.window.step_seconds)
    return f"{fine} for requests, {length_text(advice.window.coarse_step_seconds)} for latency"
