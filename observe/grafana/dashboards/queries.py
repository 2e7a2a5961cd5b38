"""The signals of requests as PromQL: one function each, whichever tier answers."""

from __future__ import annotations

from collections.abc import Iterable

from observe.grafana.dashboards.outcomes import FAILURES, SUCCESSES
from observe.grafana.dashboards.promql import Matchers, View, ratio, total
from observe.telemetry.catalogue import BUCKETS, REQUESTS

DURATION_SUM = "istio_request_duration_milliseconds_sum"
DURATION_COUNT = "istio_request_duration_milliseconds_count"


def requests(
    view: View, by: Iterable[str] = (), kinds: tuple[Matchers, ...] = ((),), *, window: str = ""
) -> str:
    """Requests per second."""
    return total(view, REQUESTS, by, kinds, window=window)


def share(
    view: View,
    kinds: tuple[Matchers, ...],
    by: Iterable[str] = (),
    *,
    among: tuple[Matchers, ...] = ((),),
    window: str = "",
) -> str:
    """Share of requests that are of these kinds (0-1); 0 where there are none of them."""
    by = tuple(by)
    part = total(view, REQUESTS, by, kinds, window=window, zero=True)
    return ratio(part, total(view, REQUESTS, by, among, window=window))


def failure_share(view: View, by: Iterable[str] = (), *, window: str = "") -> str:
    """Server errors and timeouts per request (0-1)."""
    return share(view, FAILURES, by, window=window)


def success_share(view: View, by: Iterable[str] = (), *, window: str = "") -> str:
    """What is left of 1 without the failures: client errors are no fault of the service."""
    return f"1 - {failure_share(view, by, window=window)}"


def latency(view: View, level: float, by: Iterable[str] = ()) -> str:
    """A quantile of the duration of successes, in milliseconds.

    Read from buckets by linear interpolation, as dashboards do: it may be off by half a bucket.
    """
    buckets = total(view, BUCKETS, (*by, "le"), SUCCESSES)
    return f"histogram_quantile({level:g}, {buckets})"


def mean_latency(view: View, by: Iterable[str] = ()) -> str:
    """Mean duration of successes, in milliseconds: exact."""
    by = tuple(by)
    spent, count = (total(view, m, by, SUCCESSES) for m in (DURATION_SUM, DURATION_COUNT))
    return ratio(spent, count)


def slow_share(view: View, bound_ms: str, by: Iterable[str] = (), *, window: str = "") -> str:
    """Share of successes that took longer than an upper end of a bucket (0-1).

    Prometheus 3 writes `1000.0` where older servers write `1000`.
    """
    by = tuple(by)
    fast = total(
        view.within(f'le=~"{bound_ms}(\\\\.0)?"'), BUCKETS, by, SUCCESSES, window=window, zero=True
    )
    every = total(view.within('le="+Inf"'), BUCKETS, by, SUCCESSES, window=window)
    return f"clamp_min(1 - {ratio(fast, every)}, 0)"


def mean_size(view: View, side: str, by: Iterable[str] = ()) -> str:
    """Mean bytes on the wire of a request (`side="request"`) or of a response."""
    by = tuple(by)
    spent, count = (total(view, f"istio_{side}_bytes_{m}", by) for m in ("sum", "count"))
    return ratio(spent, count)


def messages(view: View, side: str, by: Iterable[str] = ()) -> str:
    """gRPC messages per second in one direction."""
    return total(view, f"istio_{side}_messages_total", by)


def tries_per_request(client: View, server: View, by: Iterable[str]) -> str:
    """How often a request reaches a server: 1 without retries.

    A retried request counts once at its caller and once per try at the server, so that only edges
    with a sidecar at both ends can tell.
    """
    by = tuple(by)
    served = total(server.alone, REQUESTS, by)
    asked = total(client.alone, REQUESTS, by)
    return ratio(served, asked)


def extra_load(client: View, server: View) -> str:
    """Tries beyond the first, per request, over all edges that both sides report (0 = none).

    Requests that never reach a server would make it negative; they are no relief by retries.
    """
    edge = ("source_workload", "source_workload_namespace", "destination_service")
    served, asked = (total(v.alone, REQUESTS, edge) for v in (server, client))
    both = f"on ({', '.join(edge)})"
    extra, once = f"sum({served} and {both} {asked})", f"sum({asked} and {both} {served})"
    return f"clamp_min({ratio(extra, once)} - 1, 0)"
