"""Which query language a server speaks: PromQL, or VictoriaMetrics' MetricsQL.

Both read our queries. They differ in `increase`: MetricsQL's counts from the sample before the
window and takes a small first value of a new counter into account, so that neither extrapolation
nor our own query for first values is needed (docs.victoriametrics.com/MetricsQL, "increase").
"""

from __future__ import annotations

from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient, ServerInfo

VICTORIA_METRICS = "VictoriaMetrics"

#: What VictoriaMetrics calls itself, for Grafana's sake, if it gives a version at all.
_BORROWED_VERSIONS = ("", "2.24.0")
#: MetricsQL's operator `default`; PromQL cannot parse it.
_TOUCHSTONE = "1 default 2"


def identify(client: PrometheusClient, server: ServerInfo) -> ServerInfo:
    """The server with its real name; one that tells its version is taken at its word.

    Args:
        client: whom to ask.
        server: what it says of itself.
    """
    if server.version not in _BORROWED_VERSIONS:
        return server
    try:
        client.instant(_TOUCHSTONE)
    except SourceError:
        return server
    return ServerInfo(VICTORIA_METRICS, "")
