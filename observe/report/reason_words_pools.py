"""Words for the reason codes of connection pools."""

from __future__ import annotations

from collections.abc import Mapping

from observe.recommend.reasons import Reason

#: Meaning, and where there is something to do, advice.
POOL_WORDS: Mapping[Reason, tuple[str, ...]] = {
    Reason.POOL_NONE_SET: (
        "no connection pool is set: when the service hangs, its clients pile up requests without "
        "end, or until their timeouts",
    ),
    Reason.POOL_OVERFLOWED: (
        "the pool that is set refused requests (flag UO)",
        "Raise it now, or find out why so many requests were under way.",
    ),
    Reason.POOL_TOO_SMALL: (
        "the pool that is set leaves too little room above the requests under way",
    ),
    Reason.POOL_TOO_LARGE: (
        "the pool that is set is far above the requests under way: it hardly limits anything",
    ),
    Reason.POOL_FITS: ("the pool that is set fits", "Nothing to do."),
    Reason.POOL_UNKNOWN: (
        "what pool is set is not known: the DestinationRules were not given",
        "Give the DestinationRules with --current.",
    ),
    Reason.POOL_SERVERS_NEED_MORE: (
        "Istio applies the pool at each client's proxy and again at each server's, and a server "
        "has more under way than any client: the larger need counts",
    ),
    Reason.POOL_SERVERS_NEED_LESS: (
        "each server needs far less than the client does: a limit of its own protects it better",
        "Set inboundConnectionPool in the Sidecar of the servers.",
    ),
    Reason.POOL_LEAST_LIMIT: ("raised to the smallest limit that the policy allows",),
    Reason.POOL_GAUGE_HIGHER: (
        "Envoy's own gauge showed more under way than rate times duration says: bursts shorter "
        "than a step",
    ),
    Reason.POOL_ROOM_FOR_TRIES: ("leaves room for the load that retries may add",),
    Reason.POOL_ONE_PROXY_LESS: (
        "there were only two proxies: either must carry everything while the other is away",
    ),
    Reason.POOL_TRAFFIC_GROWS: (
        "traffic grew from one week to the next; as much growth is allowed for again",
    ),
    Reason.POOL_INCIDENT_HELD: (
        "an incident had more under way than the busiest normal hour; it is let through",
    ),
    Reason.POOL_ABOVE_KNEE: (
        "the servers get slower, and then get less done, before the limit is reached",
        "Add servers before the load comes near the knee; a limit below what is needed would "
        "refuse good requests.",
    ),
    Reason.POOL_HTTP_VERSION_UNKNOWN: (
        "telemetry does not tell HTTP/1.1 from HTTP/2 between the proxies; the limits suit both",
    ),
    Reason.PROXIES_BY_PODS: (
        "the share of the busiest proxy was not reported; it is taken from the number of pods",
    ),
    Reason.PROXIES_UNKNOWN: (
        "nothing tells how many proxies the client has: all its requests count as one proxy's, so "
        "that the limit may be too large",
        "Collect from a Prometheus that scrapes the proxies, or kube-state-metrics.",
    ),
    Reason.SERVERS_UNKNOWN: (
        "nothing tells how many servers there are: one is taken to get all requests, so that the "
        "limit may be too large",
        "Collect from a Prometheus that scrapes the servers' proxies.",
    ),
    Reason.POOL_BURSTS: (
        "requests come in bursts, which a step of minutes shows only in part",
        "Turn on Envoy's gauges (observe doctor prints the annotation).",
    ),
    Reason.POOL_BACKTEST_SHED: (
        "learned on the first part of the window, it would have refused requests in the rest",
        "Wait for another week, or take a larger limit.",
    ),
    Reason.POOL_HARDLY_USED: (
        "next to nothing is under way at a time: any limit that lets bursts through is far above "
        "what was measured",
        "Leave it without, or take the limit of a similar service.",
    ),
    Reason.POOL_TCP: (
        "TCP connections are not measured by the telemetry that was collected",
        "Set tcp.maxConnections by hand, from istio_tcp_connections_opened_total"
        " and _closed_total.",
    ),
}
