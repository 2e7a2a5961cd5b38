"""Telemetry resources: all standard metrics, or fewer where an edge tier grows too large."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

_SIZES = ("REQUEST_SIZE", "RESPONSE_SIZE")
#: The minor version of Istio 1 that first served `v1`.
_SERVES_V1 = 22


def standard(namespace: str, version: str) -> Object:
    """All standard metrics with all their labels, for the whole mesh; Istio's own default.

    Args:
        namespace: Istio's root namespace.
        version: Istio's version, such as `1.27`.
    """
    return _telemetry(namespace, version, [])


def fewer_series(namespace: str, version: str) -> Object:
    """The same without histograms of sizes, two thirds of all buckets, and without principals.

    Labels must go where series are made: dropped at the scrape, series would collide.

    Args:
        namespace: Istio's root namespace.
        version: Istio's version, such as `1.27`.
    """
    removed = {"operation": "REMOVE"}
    overrides: list[Object] = [{"match": {"metric": metric}, "disabled": True} for metric in _SIZES]
    overrides.append(
        {
            "match": {"metric": "ALL_METRICS"},
            "tagOverrides": {"source_principal": removed, "destination_principal": removed},
        }
    )
    return _telemetry(namespace, version, overrides)


def _telemetry(namespace: str, version: str, overrides: list[Object]) -> Object:
    metrics: Object = {"providers": [{"name": "prometheus"}]}
    if overrides:
        metrics["overrides"] = overrides
    served = "v1" if int(version.split(".")[1]) >= _SERVES_V1 else "v1alpha1"
    return {
        "apiVersion": f"telemetry.istio.io/{served}",
        "kind": "Telemetry",
        "metadata": {"name": "mesh-default", "namespace": namespace},
        "spec": {"metrics": [metrics]},
    }
