"""Files for the mesh's side; each says what it is for and what it changes."""

from __future__ import annotations

from observe.bootstrap.istio.stats import SERIES_PER_CLUSTER, mesh_config, pod_annotation
from observe.bootstrap.istio.telemetry import fewer_series
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.stack import Stack

_COST = (
    f"Adds up to {SERIES_PER_CLUSTER} series for each upstream cluster that a proxy knows, to each",
    "proxy. A Sidecar resource that narrows `egress` makes them fewer. Pods must be restarted.",
)


def render_istio(stack: Stack) -> dict[str, str]:
    """Files: Helm values of istiod, an overlay for istioctl, a patch of one workload, a Telemetry.

    They are merged into what the mesh has; none is meant to be applied over it.
    """
    overlay = {"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator"}
    patch = {"spec": {"template": pod_annotation()}}
    return {
        "istiod-values.yaml": yaml_text(
            [mesh_config()],
            (
                "Retries, overflows and outlier detection of Envoy, for the whole mesh: values of",
                "the Helm chart istiod, or spec.values of the Sail operator's Istio.",
                *_COST,
            ),
        ),
        "istiooperator.yaml": yaml_text(
            [overlay | {"spec": mesh_config()}],
            ("The same for `istioctl install -f`, beside your own -f files.", *_COST),
        ),
        "workload-patch.yaml": yaml_text(
            [patch],
            (
                "The same for one workload, to try it: kubectl patch deployment NAME --patch-file.",
                "An annotation that the pods have already is replaced: merge it by hand then.",
                *_COST,
            ),
        ),
        "telemetry-fewer-series.yaml": yaml_text(
            [fewer_series(stack.istio_namespace, stack.istio_version)],
            (
                "Only if the edge tiers grow too large. Sizes of requests and the principals that",
                "Kiali shows are gone then. Only one Telemetry without a selector counts in a root",
                "namespace: merge this into yours, if there is one.",
            ),
        ),
    }
