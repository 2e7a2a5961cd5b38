"""The side series of the demo's mesh: istiod, Envoy, ztunnel, Kubernetes, beside the requests.

They begin a day before the window ends, so that dashboards have something to show. Those that
Prometheus writes of itself are left out: the demo's servers are real and write their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.demo.extra_series import extra_series
from observe.demo.labels import Labels
from observe.demo.simulate import SeriesBlock
from observe.demo.truth import Truth

#: How long before the end of the window they begin.
SIDE_SECONDS = 86_400

_OWN_PREFIXES = ("prometheus_", "scrape_")
#: Requests of the ambient corner begin where the window ends: reports of the window are about the
#: mesh whose truth is known.
_AMBIENT_NAMESPACE = "lounge"
_REQUESTS = ("istio_requests_total", "istio_request_duration_milliseconds")


def side_block(truth: Truth, end_ms: int, timestamps_ms: NDArray[np.int64]) -> SeriesBlock:
    """Side series at some moments.

    Args:
        truth: the mesh.
        end_ms: end of the window; counters count from `SIDE_SECONDS` before it, whatever the
            moments are, so that later calls go on where earlier ones ended.
        timestamps_ms: shape (T,), ascending.
    """
    origin = end_ms / 1000 - SIDE_SECONDS
    labels, values = extra_series(truth, np.array([origin, *(timestamps_ms / 1000)]))
    rows = [i for i, one in enumerate(labels) if not _own(one)]
    values = values[rows, 1:]
    late = np.array([_joins_late(labels[row]) for row in rows])
    values[late[:, None] & (timestamps_ms < end_ms)] = np.nan
    return SeriesBlock([labels[i] for i in rows], timestamps_ms, values)


def _own(labels: Labels) -> bool:
    name = labels["__name__"]
    own_job = labels.get("job") == "prometheus"
    return own_job or name == "up" or name.startswith(_OWN_PREFIXES)


def _joins_late(labels: Labels) -> bool:
    ambient = labels.get("source_workload_namespace") == _AMBIENT_NAMESPACE
    return ambient and labels["__name__"].startswith(_REQUESTS)
