"""What a scrape would find beside requests and containers: istiod, Envoy, ztunnel, Kubernetes.

Names and labels are those that the programs write; see the modules beside this one.
"""

from __future__ import annotations

import numpy as np

from observe.demo.extra_ambient import ambient
from observe.demo.extra_control_plane import control_plane
from observe.demo.extra_envoy import envoy
from observe.demo.extra_kubernetes import kubernetes
from observe.demo.extra_shapes import Courses, Floats, Labels
from observe.demo.truth import Truth


def extra_series(truth: Truth, seconds: Floats) -> tuple[list[Labels], Floats]:
    """Side series of a mesh for some moments.

    Args:
        truth: the mesh; its clusters, workloads and edges name the series.
        seconds: shape (T,), Unix seconds, ascending.

    Returns:
        Labels of N series, and their values of shape (N, T).
    """
    courses = Courses(seconds, [], [])
    clusters = sorted({workload.cluster for workload in truth.workloads})
    for cluster in clusters:
        control_plane(courses, cluster)
    ambient(courses, clusters[0])
    kubernetes(courses, truth)
    envoy(courses, truth)
    return courses.labels, np.array(courses.values)
