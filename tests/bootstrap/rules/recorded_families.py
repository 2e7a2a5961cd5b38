"""Raw series of three pods that come and go, and what is recorded of them, for every metric.

Pod a is there all the time and restarts at 7m30s. Pod b ends at 12m; pod c takes its place 15 s
later. Everything is in 1 and 2 a second, times a number that differs from metric to metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Labels = Mapping[str, str]

RESTARTED = "{one}+{one}x29 {one}+{one}x90"
ENDED = "{two}+{two}x48 stale"
BEGUN = "_x49 {two}+{two}x71"
#: While all is well, shortly after the change, long after.
MOMENTS = ("10m", "14m", "30m")
#: What `rate` over 5 minutes makes of each pod; samples end and begin within the window at 14m.
RATES: dict[str, tuple[float | None, ...]] = {
    "a": (1, 1, 1),
    "b": (2, 1.25, None),
    "c": (None, 0.75, 2),
}
GAUGES: dict[str, tuple[float | None, ...]] = {
    "a": (4, 4, 4),
    "b": (7, None, None),
    "c": (None, 9, 9),
}

PODS = {
    name: {
        "pod": f"web-7d4b9c8f6d-{suffix}",
        "instance": f"10.0.0.{number}:15020",
        "node": f"node-{number}",
        "pod_template_hash": "7d4b9c8f6d",
        "version": f"v{number}",
    }
    for number, (name, suffix) in enumerate({"a": "x2z5k", "b": "k8s9d", "c": "q7w2t"}.items())
}
_EDGE = {
    "cluster": "east",
    "source_cluster": "east",
    "destination_cluster": "west",
    "source_workload": "web",
    "source_workload_namespace": "shop",
    "destination_service": "pay.shop.svc.cluster.local",
    "destination_service_namespace": "shop",
    "destination_workload": "pay",
    "destination_workload_namespace": "shop",
}
_HTTP = _EDGE | {"request_protocol": "http"}
_GRPC = _EDGE | {"request_protocol": "grpc"}
_TCP = _EDGE | {"request_protocol": "tcp"}
_ANSWER = {"response_code": "200", "response_flags": "-", "grpc_response_status": "0"}
#: A service's proxies, its callers' and a waypoint each count the same request.
_REPORTERS = tuple(
    ({"reporter": name}, times)
    for times, name in enumerate(("source", "destination", "waypoint"), start=1)
)
_BUCKETS = tuple(
    ({"le": le, "reporter": "source"}, times) for times, le in enumerate(("10", "100", "+Inf"), 1)
)
_PLAIN_BUCKETS = (({"le": "1"}, 1), ({"le": "+Inf"}, 2))
_ONE: tuple[tuple[Labels, int], ...] = (({}, 1),)
_IN_SHOP = {"namespace": "shop"}
_WORKLOAD = {"workload": "web"}
_UPSTREAM = _IN_SHOP | {"cluster_name": "outbound|80||pay.shop.svc.cluster.local"}
_SYSTEM = {"namespace": "istio-system"}


@dataclass(frozen=True)
class Family:
    """Metrics that are recorded alike.

    Attributes:
        level: first part of the recorded name.
        operation: last part.
        kept: labels of the raw and of the recorded series.
        metrics: raw metrics.
        variants: further labels that stay apart, and what their values are multiplied by.
        derived: labels that only the recorded series have.
        lost: labels that only the raw series have, beside those of the pods.
        by_pod: pods stay apart.
        as_: middle part of the recorded name, when it is not the metric's.
        ends_with_scrape: nothing is recorded of a pod that is not scraped any more.
    """

    level: str
    operation: str
    kept: Labels
    metrics: tuple[str, ...]
    variants: tuple[tuple[Labels, int], ...] = _ONE
    derived: Labels = field(default_factory=dict)
    lost: Labels = field(default_factory=dict)
    by_pod: bool = False
    as_: str = ""
    ends_with_scrape: bool = False

    def recorded(self, metric: str) -> str:
        """Name of the recorded series."""
        return f"{self.level}:{self.as_ or metric.removesuffix('_total')}:{self.operation}"

    def raw(self, metric: str, number: int) -> Iterator[tuple[Labels, str]]:
        """Labels and promtool's notation of the values of every raw series."""
        for labels, times in self.variants:
            one = number * times
            for pod, of_pod in PODS.items():
                values = self._values(pod).format(
                    one=15 * one, two=30 * one, **{p: g[-1] for p, g in _levels(one).items()}
                )
                raw = {"__name__": metric, **self.kept, **labels, **self.lost, **of_pod}
                yield raw | ({"namespace": "shop"} if "namespace" not in raw else {}), values

    def _values(self, pod: str) -> str:
        if self.operation.startswith(("rate", "increase")) or "cpu" in self.as_ + self.metrics[0]:
            return {"a": RESTARTED, "b": ENDED, "c": BEGUN}[pod]
        return {"a": "{a}x120", "b": "{b}x48 stale", "c": "_x49 {c}x71"}[pod]

    def expected(self, number: int, at: int) -> Iterator[tuple[Labels, float]]:
        """Labels and values of every recorded series at one of the moments."""
        is_rate = "{one}" in self._values("a")
        for labels, times in self.variants:
            scale = number * times * (300 if self.operation.startswith("increase") else 1)
            found = {
                pod: values[at] * scale
                for pod, values in (RATES if is_rate else GAUGES).items()
                if values[at] is not None and not (self.ends_with_scrape and pod == "b" and at)
            }
            kept = {**self.kept, **labels, **self.derived}
            if self.by_pod:
                yield from (
                    (kept | {"pod": PODS[pod]["pod"]}, value) for pod, value in found.items()
                )
            else:
                yield kept, self._aggregated(list(found.values()))

    def _aggregated(self, values: list[float]) -> float:
        how = {"max": max, "min": min, "count": len}.get(self.operation, sum)
        return float(how(values))


def _levels(one: int) -> dict[str, list[float]]:
    return {pod: [v * one for v in values if v is not None] for pod, values in GAUGES.items()}
