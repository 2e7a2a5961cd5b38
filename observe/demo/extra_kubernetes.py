"""What kube-state-metrics tells of Deployments; of containers see `kube_series`."""

from __future__ import annotations

import numpy as np

from observe.demo.extra_shapes import Courses, Labels
from observe.demo.truth import Truth, Workload


def kubernetes(courses: Courses, truth: Truth) -> None:
    """The Deployment of every workload."""
    for workload in truth.workloads:
        labels = {
            **{"cluster": workload.cluster, "namespace": workload.namespace},
            **{"job": "kube-state-metrics", "instance": "10.8.2.2:8080"},
        }
        _deployment(courses, workload, labels)


def _deployment(courses: Courses, workload: Workload, labels: Labels) -> None:
    named = labels | {"deployment": workload.name}
    courses.whole("kube_deployment_spec_replicas", named, workload.replicas, 0.0)
    courses.whole("kube_deployment_status_replicas_available", named, workload.replicas, 0.0)
    rollouts = 1 + sum(1 for _ in workload.rollouts)
    middle = courses.seconds[len(courses.seconds) // 2]
    courses.labels.append({"__name__": "kube_deployment_status_observed_generation", **named})
    courses.values.append(np.where(courses.seconds < middle, rollouts, rollouts + 1.0))
