"""What is asked of single proxies: how many share a client's calls, which host of a service fails.

Proxies are told apart by a label that each scraped target has of its own, mostly `instance`. Only
the counters themselves have it: recorded rates are sums over proxies.
"""

from __future__ import annotations

from observe.telemetry.entry import EDGE_LABELS, Entry
from observe.telemetry.matchers import matches, not_matches, selector
from observe.telemetry.templates import first_values, side_by_side, sum_of_increases

#: Labels that may tell proxies apart, the usual one first.
PROXY_LABELS = ("instance", "pod", "kubernetes_pod_name", "pod_name")
#: What the frames call the value of such a label.
HOST = "host"

_REQUESTS = "istio_requests_total"
_EVERYBODY = (matches("reporter", "source|destination|waypoint"),)
_SERVERS = (matches("reporter", "destination"),)
#: HTTP 5xx, and 0 for a response that never came; or a gRPC status other than OK.
_BAD_CODE = "5..|0"
_FAILURES = (
    (*_SERVERS, matches("response_code", _BAD_CODE)),
    (
        *_SERVERS,
        not_matches("response_code", _BAD_CODE),
        not_matches("grpc_response_status", "|0"),
    ),
)
_HOST_LABELS = (
    "cluster",
    "destination_cluster",
    "destination_service",
    "destination_service_namespace",
)
_OUTCOME_LABELS = ("response_code", "grpc_response_status")
#: Of all series of servers' proxies so many at least are taken to count failures: there may be
#: none at the moment in which they are counted, and many at another.
_FAILING_SHARE = 0.05


def host_entries(label: str = PROXY_LABELS[0], *, add_first: bool = True) -> tuple[Entry, ...]:
    """The entries that look at single proxies.

    Args:
        label: label that tells proxies apart.
        add_first: whether first values are added, which `increase` of Prometheus does not see.
    """
    first = [first_values(_REQUESTS, _SERVERS)] if add_first else []
    return (
        Entry(
            "proxies",
            (_REQUESTS,),
            "proxies",
            "coarse",
            "requests",
            "how the calls of an edge are shared by proxies: limits hold for each of them",
            (*EDGE_LABELS, label),
            sum_of_increases(_REQUESTS, _EVERYBODY),
        ),
        Entry(
            "hosts",
            (_REQUESTS,),
            "hosts",
            "coarse",
            "requests",
            "how many hosts serve a service, and how evenly",
            (*_HOST_LABELS, label),
            side_by_side(sum_of_increases(_REQUESTS, _SERVERS), *first),
        ),
        Entry(
            "host-errors",
            (_REQUESTS,),
            "host_errors",
            "fine",
            "requests",
            "whether one host fails or all of them, and for how long",
            (*_HOST_LABELS, label, *_OUTCOME_LABELS),
            _failures(add_first),
            answer=_failing_series((*_HOST_LABELS, label, *_OUTCOME_LABELS)),
        ),
    )


def _failing_series(by: tuple[str, ...]) -> str:
    either = " or ".join(selector(_REQUESTS, chosen) for chosen in _FAILURES)
    counted = f"(count(count by ({', '.join(by)}) ({either})) or vector(0))"
    return f"{counted} + {_FAILING_SHARE} * count({selector(_REQUESTS, _SERVERS)})"


def _failures(add_first: bool) -> str:
    """Both kinds of failures; a proxy makes a counter with the first of its kind."""
    parts = []
    for chosen in _FAILURES:
        parts.append(sum_of_increases(_REQUESTS, chosen))
        if add_first:
            # A mesh without failures was recorded too: its other requests tell.
            parts.append(first_values(_REQUESTS, chosen, recorded=_SERVERS))
    return side_by_side(*parts)
