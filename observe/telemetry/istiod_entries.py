"""What is asked of istiod, or of what was recorded of it: states, counts and times, by cluster.

Its replicas are taken together: proxies are connected to one each and are added up, what all of
them know is the largest. A counter begins to exist with its first event, which `increase` does not
see: small first values are added, once istiod itself was seen before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from observe.telemetry.entry import Entry
from observe.telemetry.templates import labelled

PROXIES = "pilot_xds"
STATES = {"services": "pilot_services", "virtual_services": "pilot_virt_services"}
COUNTS = {
    "pushes": "pilot_xds_pushes",
    "triggers": "pilot_push_triggers",
    "push_errors": "pilot_total_xds_internal_errors",
    "push_timeouts": "pilot_xds_write_timeout",
    "rejects": "pilot_total_xds_rejects",
    "injection_failures": "sidecar_injection_failure_total",
}
_CONVERGENCE, _QUEUE = "pilot_proxy_convergence_time_bucket", "pilot_proxy_queue_time_bucket"
_SIZE = "pilot_xds_config_size_bytes_bucket"
#: Figure → quantile and histogram; the last one is the upper end of the highest bucket in use.
QUANTILES = {
    "convergence_p50": (0.5, _CONVERGENCE),
    "convergence_p99": (0.99, _CONVERGENCE),
    "queue_p99": (0.99, _QUEUE),
    "bytes_p99": (0.99, _SIZE),
    "bytes_most": (1, _SIZE),
}
#: Entries whose values are sums over moments where recorded rates are read.
COUNTED = "istiod-counts"
_LABELS = ("cluster", "figure", "type")
_SMALL = 10


def recorded_as(metric: str) -> str:
    """The recorded series of a metric of istiod."""
    if metric == PROXIES:
        return f"controlplane:{metric}:sum"
    if metric in STATES.values():
        return f"controlplane:{metric}:max"
    return f"controlplane:{metric.removesuffix('_total')}:rate5m"


@dataclass(frozen=True)
class _Source:
    """How one kind of series tells the figures.

    Attributes:
        named: what a metric is called there.
        counted: PromQL of a counter's increase over the step, in parts that are to be added up.
        buckets: PromQL of the increases of a histogram's buckets.
        pods: PromQL with one series a replica.
    """

    named: Callable[[str], str]
    counted: Callable[[str], list[str]]
    buckets: Callable[[str], str]
    pods: str

    def entries(self, names: Iterable[str] | None) -> tuple[Entry, ...]:
        """Three entries, of those metrics that exist."""
        metrics = [PROXIES, *STATES.values(), *COUNTS.values(), _CONVERGENCE, _QUEUE, _SIZE]
        known = None if names is None else set(names)
        there = {m for m in metrics if known is None or self.named(m) in known}
        if PROXIES not in there:
            return ()
        first = (self.named(PROXIES),)
        return tuple(
            Entry(name, first, "istiod", "coarse", unit, why, _LABELS, " or ".join(parts), False)
            for name, unit, why, parts in (
                ("istiod-states", "proxies", "how many proxies it serves", self._states(there)),
                (COUNTED, "pushes", "what it pushes and why, what fails", self._counts(there)),
                ("istiod-times", "seconds", "how long changes take", self._times(there)),
            )
            if parts
        )

    def _states(self, there: set[str]) -> list[str]:
        proxies = f"sum by (cluster) ($once({self.named(PROXIES)}{{}}))"
        return [
            labelled(f"count by (cluster) ({self.pods})", "figure", "replicas"),
            labelled(proxies, "figure", "proxies"),
            *(
                labelled(f"max by (cluster) ({self.named(metric)}{{}})", "figure", figure)
                for figure, metric in STATES.items()
                if metric in there
            ),
        ]

    def _counts(self, there: set[str]) -> list[str]:
        return [
            labelled(labelled(part, "figure", figure), "part", str(number))
            for figure, metric in COUNTS.items()
            if metric in there
            for number, part in enumerate(self.counted(metric))
        ]

    def _times(self, there: set[str]) -> list[str]:
        return [
            labelled(f"histogram_quantile({q}, {self.buckets(metric)})", "figure", figure)
            for figure, (q, metric) in QUANTILES.items()
            if metric in there
        ]


def istiod_entries(
    names: Iterable[str] | None = None, *, add_first: bool = True
) -> tuple[Entry, ...]:
    """What is asked of istiod's own metrics.

    Args:
        names: metrics that exist; all of them when not given.
        add_first: whether first values are added, which `increase` of Prometheus does not see.
    """

    def counted(metric: str) -> list[str]:
        series = f"{metric}{{}}"
        parts = [f"increase({series}[$window])"]
        if add_first:
            born = f"min_over_time({series}[$window]) <= {_SMALL} unless {series} offset $window"
            parts.append(f"({born}) and on () count({PROXIES}{{}} offset $window)")
        return [f"sum by (cluster, type) ($once({part}))" for part in parts]

    def buckets(metric: str) -> str:
        return f"sum by (cluster, type, le) ($once(increase({metric}{{}}[$window])))"

    pods = f"max by (cluster, instance, pod) ({PROXIES}{{}})"
    return _Source(lambda metric: metric, counted, buckets, pods).entries(names)


def recorded_istiod(names: Iterable[str], interval_seconds: float) -> tuple[Entry, ...]:
    """The same of what was recorded.

    Args:
        names: metrics that exist.
        interval_seconds: distance of the samples of a recorded series.
    """

    def added(metric: str) -> str:
        return f"$once(sum_over_time({recorded_as(metric)}{{}}[$half_open]))"

    def counted(metric: str) -> list[str]:
        return [f"sum by (cluster, type) ({added(metric)}) * {interval_seconds:g}"]

    def buckets(metric: str) -> str:
        return f"sum by (cluster, type, le) ({added(metric)})"

    pods = f"max by (cluster, namespace, pod) ({recorded_as(PROXIES)}{{}})"
    return _Source(recorded_as, counted, buckets, pods).entries(names)
