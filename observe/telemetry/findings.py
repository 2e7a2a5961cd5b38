"""What a survey's findings mean: which telemetry can be read, and what the user should know."""

from __future__ import annotations

from typing import Literal

from observe.errors import SourceError
from observe.telemetry import catalogue
from observe.telemetry.recorded import RATE_SECONDS, RECORDED_REQUESTS, SOURCES

DEFAULT_SCRAPE_SECONDS = 60.0

#: Labels of which a scraped series has at least one, and a sum over pods has none.
SCRAPED_LABELS = frozenset({"pod", "instance", "kubernetes_pod_name", "pod_name"})
#: A metric that ztunnel exposes and nobody else.
ZTUNNEL = "workload_manager_active_proxy_count"
_SECONDS = "istio_request_duration_seconds"
_MILLISECONDS = "istio_request_duration_milliseconds"

Kind = Literal["raw", "recorded"]


def kind_of(names: frozenset[str], url: str) -> Kind:
    """What can be read, or a refusal that says why nothing can.

    Args:
        names: metrics that exist.
        url: where they were looked for.

    Raises:
        SourceError: no Istio metrics, or only those of another era or kind.
    """
    seconds = any(name.startswith(_SECONDS) for name in names)
    if seconds and not any(name.startswith(_MILLISECONDS) for name in names):
        raise SourceError(
            f"{url} holds Istio telemetry in seconds ({_SECONDS}_*), as Mixer wrote it before "
            "Istio 1.5",
            "It is not supported; upgrade Istio, or ask for a window after the upgrade",
        )
    if catalogue.REQUESTS in names:
        return "raw"
    if RECORDED_REQUESTS in names:
        return "recorded"
    foreign = sorted(name for name in names if ":" in name and "istio_request" in name)
    if foreign:
        raise SourceError(
            f"{url} holds only recorded Istio series such as {foreign[0]}, which are not known",
            f"Give the address of the Prometheus that scrapes the proxies, or record "
            f"{RECORDED_REQUESTS} and the like",
        )
    if any(name.startswith("istio_tcp_") for name in names):
        raise SourceError(
            f"{url} holds only TCP metrics of Istio, no {catalogue.REQUESTS}",
            "Ambient mode needs a waypoint for HTTP; otherwise name the ports http or grpc",
        )
    raise SourceError(
        f"{url} holds no Istio metrics ({catalogue.REQUESTS}) for this window",
        "Is it the Prometheus that scrapes the proxies, are they scraped (port 15020, path "
        "/stats/prometheus), and did requests flow?",
    )


def interval_warnings(interval: float | None, kind: Kind) -> list[str]:
    """About how often samples were seen."""
    if interval is None:
        return [f"the scrape interval could not be found; {DEFAULT_SCRAPE_SECONDS:g} s is assumed"]
    if kind == "recorded" and interval > RATE_SECONDS:
        return [
            f"rates over {RATE_SECONDS} s are federated only every {interval:g} s: what happens in "
            f"between is not seen; federate at least every {RATE_SECONDS} s"
        ]
    return []


def reporter_warnings(reporters: tuple[str, ...], names: frozenset[str]) -> list[str]:
    """About who reports."""
    lines = []
    if reporters and not {"source", "waypoint"} & set(reporters):
        lines.append(
            "only the servers' proxies report (reporter=destination): latencies as clients see "
            "them are missing; scrape the clients' sidecars and gateways too"
        )
    if ZTUNNEL in names and "waypoint" not in reporters:
        lines.append(
            "ztunnel reports TCP only, and no waypoint reports: workloads in ambient mode have no "
            "requests or latencies here; give their namespaces a waypoint"
        )
    return lines


def series_warnings(
    names: frozenset[str], kind: Kind, labels: tuple[str, ...] | None, copies: tuple[str, ...]
) -> list[str]:
    """About series that are absent, summed up or there twice."""
    lines = []
    buckets = [name for name in names if SOURCES.get(name, name) == catalogue.BUCKETS]
    if not buckets:
        lines.append(f"{catalogue.BUCKETS} does not exist: there are no latencies to learn from")
    if kind == "raw" and labels and not SCRAPED_LABELS & set(labels):
        lines.append(
            f"{catalogue.REQUESTS} carries neither pod nor instance: it seems to be a federated "
            "sum of counters, which counts too much whenever a pod goes away; federate rates "
            f"instead ({RECORDED_REQUESTS})"
        )
    if copies:
        lines.append(
            f"series exist more than once, told apart by {', '.join(copies)}: the copies were "
            "averaged; a deduplicating address (Thanos Query, Mimir) would be better"
        )
    return lines
