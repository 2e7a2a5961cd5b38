"""Requests as their clients saw them: one reporter for each client, never two added up.

The proxy beside the client (`source`) knows what the client got: timeouts, overflows and failures
to connect happen there, and retries are behind it. Where a client has no such proxy the waypoint
speaks; where there is neither (a client outside the mesh, `source_workload="unknown"`) the
server's own proxy. A client of another cluster is judged there, by its own proxy.
"""

from __future__ import annotations

from observe.bootstrap.stack import Stack
from observe.telemetry.matchers import equals, selector
from observe.telemetry.recorded import RECORDED_REQUESTS

_CLIENT = "cluster, source_workload, source_workload_namespace, destination_service"
#: Requests that no service was found for; their own alert is IstioNoRoute.
_NAMED = 'destination_service!~"unknown|"'


def as_clients_saw(metric: str, stack: Stack, *matchers: str) -> str:
    """PromQL of the series of a recorded metric that speak for their clients.

    Args:
        metric: recorded, with the labels of an edge and `reporter`.
        stack: with pairs of edge tiers the two copies are averaged.
        matchers: narrow the series down further.
    """

    def series(name: str, reporter: str, *more: str) -> str:
        return selector(name, (equals("reporter", reporter), _NAMED, *more))

    source = series(metric, "source", *matchers)
    waypoint = series(metric, "waypoint", *matchers)
    outside = series(metric, "destination", 'source_workload="unknown"', *matchers)
    has_source = series(RECORDED_REQUESTS, "source")
    return once(
        f"{source}\n    or ({waypoint}\n      unless on ({_CLIENT}) {has_source})"
        f"\n    or {outside}",
        stack,
    )


def once(expression: str, stack: Stack) -> str:
    """The expression, its copies from a pair of edge tiers averaged into one."""
    if stack.edge.replicas == 1:
        return expression
    return f"avg without (prometheus_replica) (\n    {expression})"
