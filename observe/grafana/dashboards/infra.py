"""Series that are not about requests: control plane, containers, Envoy's clusters, Prometheus.

As for requests, each signal is `recorded or raw`, summed by the same labels on both sides. The
label `cluster` always stays, so that no cluster hides another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from observe.bootstrap.rules.make import series_name, with_workload
from observe.grafana.dashboards.panels import Query, stat
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.variables import CLUSTER

CONTROL = "controlplane"
#: Whatever names the scrape job: where `istio_build` says pilot, there is an istiod.
IS_ISTIOD = 'and on (instance) istio_build{component="pilot"}'
_REAL = 'container!="", container!="POD"'
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
#: Pods of the chosen workloads: Deployment, DaemonSet, StatefulSet or bare.
_PODS = f'pod=~"($workload)(-{_SAFE}{{6,10}}-{_SAFE}{{5}}|-{_SAFE}{{5}}|-[0-9]+)?"'
WORKLOADS = f'{CLUSTER}, namespace=~"$namespace", workload=~"$workload"'
CONTAINERS = f'{CLUSTER}, namespace=~"$namespace", {_PODS}, {_REAL}'
_CONTAINER = ("namespace", "workload", "container")
_SERVICES = 'cluster_name!="xds-grpc"'


def _by(labels: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(("cluster", *labels)))


def _either(aggregate: str, labels: Iterable[str], recorded: str, raw: str) -> str:
    by = _by(labels)
    again = "sum" if aggregate == "count" else aggregate  # what was counted adds up
    return f"{again} by ({by}) ({recorded}) or {aggregate} by ({by}) ({raw})"


def counter(
    metric: str, by: Iterable[str] = (), *, at: str = CONTROL, scope: str = CLUSTER, only: str = ""
) -> str:
    """Events per second of a counter (or of a histogram's buckets).

    Args:
        metric: raw name.
        by: labels that stay beside `cluster`.
        at: level of the recorded name.
        scope: matchers of both forms.
        only: an operation that picks out of the raw series those that were recorded.
    """
    recorded = f"{series_name(at, metric, 'rate5m')}{{{scope}}}"
    return _either("sum", by, recorded, f"rate({metric}{{{scope}}}[{AUTO}]) {only}")


def gauge(
    metric: str,
    aggregate: str,
    by: Iterable[str] = (),
    *,
    at: str = CONTROL,
    scope: str = CLUSTER,
    only: str = "",
) -> str:
    """A gauge, aggregated by cluster and more; arguments as for a counter."""
    recorded = f"{series_name(at, metric, aggregate)}{{{scope}}}"
    return _either(aggregate, by, recorded, f"{metric}{{{scope}}} {only}")


def quantile(share: float, histogram: str, by: Iterable[str] = ()) -> str:
    """A quantile of one of istiod's histograms, in its own unit."""
    return f"histogram_quantile({share:g}, {counter(f'{histogram}_bucket', (*by, 'le'))})"


def container(metric: str, aggregate: str, *, rate: bool, recorded: str, name: str = "") -> str:
    """A series of cAdvisor by container; in the raw form the workload is read from pods' names.

    Args:
        metric: raw name.
        aggregate: over a workload's pods.
        rate: whether it is a counter.
        recorded: name of the recorded form.
        name: only containers of this name.
    """
    chosen = f', container="{name}"' if name else ""
    selected = f"{metric}{{{CONTAINERS}{chosen}}}"
    raw = with_workload(f"rate({selected}[{AUTO}])" if rate else selected)
    return _either(aggregate, _CONTAINER, f"{recorded}{{{WORKLOADS}{chosen}}}", raw)


def setting(what: str, resource: str) -> str:
    """A container's request or limit (`what`: requests, limits), as Kubernetes was told."""
    metric, chosen = f"kube_pod_container_resource_{what}", f'resource="{resource}"'
    recorded = f"{series_name('workload', metric, 'max')}{{{WORKLOADS}, {chosen}}}"
    raw = with_workload(
        f"{metric}{{{CONTAINERS}, {chosen}}}"
        f" or kube_pod_init_container_resource_{what}{{{CONTAINERS}, {chosen}}}"
    )
    return _either("max", _CONTAINER, recorded, raw)


def happened(metric: str, recorded_metric: str = "") -> str:
    """How often something happened to a container within five minutes."""
    name = series_name("workload", recorded_metric or metric, "increase5m")
    raw = with_workload(f"increase({metric}{{{CONTAINERS}}}[5m])")
    return _either("sum", _CONTAINER, f"{name}{{{WORKLOADS}}}", raw)


def envoy(
    statistic: str, by: Iterable[str] = (), *, scope: str = CLUSTER, aggregate: str = ""
) -> str:
    """A statistic of Envoy's upstream clusters: a counter per second, or a gauge aggregated."""
    metric, inside = f"envoy_cluster_{statistic}", f"{scope}, {_SERVICES}"
    selected = f"{metric}{{{inside}}}"
    if aggregate:
        recorded = series_name("workload", metric, aggregate)
        raw = with_workload(selected) if "workload" in by else selected
        return _either(aggregate, by, f"{recorded}{{{inside}}}", raw)
    rated = f"rate({selected}[{AUTO}])"
    raw = with_workload(rated) if "workload" in by else rated
    return _either("sum", by, f"{series_name('workload', metric, 'rate5m')}{{{inside}}}", raw)


def build_versions() -> Any:
    """Who runs which version of Istio."""
    recorded, raw = f"mesh:istio_build:sum{{{CLUSTER}}}", f"istio_build{{{CLUSTER}}}"
    versions = _either("sum", ("component", "tag"), recorded, raw)
    return stat(
        "Istio versions",
        "How many proxies, ztunnels and control planes run each version. Good: one version, or two "
        "during an upgrade. A proxy keeps its version until its pod is restarted.",
        "short",
        Query(f"sum by (component, tag) ({versions})", "{{component}} {{tag}}"),
        spark=False,
        text=True,
    )
