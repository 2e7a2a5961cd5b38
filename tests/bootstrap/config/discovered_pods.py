"""Pods as Prometheus's discovery of Kubernetes describes them, one target for each port."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.stack import Stack


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


@dataclass(frozen=True)
class Container:
    name: str
    ports: tuple[int, ...] = ()
    init: bool = False


@dataclass(frozen=True)
class Pod:
    name: str
    containers: tuple[Container, ...]
    namespace: str = "shop"
    ip: str = "10.1.2.3"
    phase: str = "Running"
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def targets(self) -> list[dict[str, Any]]:
        """What discovery makes of it: a target for each port, or one where there is none."""
        found = []
        for container in self.containers:
            for port in container.ports or (None,):
                address = f"[{self.ip}]" if ":" in self.ip else self.ip
                own = {
                    "__address__": f"{address}:{port}" if port else address,
                    "__meta_kubernetes_pod_container_name": container.name,
                    "__meta_kubernetes_pod_container_init": str(container.init).lower(),
                }
                if port:
                    own["__meta_kubernetes_pod_container_port_number"] = str(port)
                found.append({"targets": [own.pop("__address__")], "labels": own | self._meta()})
        return found

    def _meta(self) -> dict[str, str]:
        meta = {
            "__meta_kubernetes_namespace": self.namespace,
            "__meta_kubernetes_pod_name": self.name,
            "__meta_kubernetes_pod_ip": self.ip,
            "__meta_kubernetes_pod_phase": self.phase,
            "__meta_kubernetes_pod_node_name": "node-1",
        }
        for kind, pairs in (("label", self.labels), ("annotation", self.annotations)):
            for name, value in pairs.items():
                meta[f"__meta_kubernetes_pod_{kind}_{_plain(name)}"] = value
                meta[f"__meta_kubernetes_pod_{kind}present_{_plain(name)}"] = "true"
        return meta


def file_jobs(stack: Stack, pods: Sequence[Pod], folder: Path) -> list[dict[str, Any]]:
    """The scrape jobs with files in place of Kubernetes, and without a service account."""
    folder.mkdir(parents=True, exist_ok=True)
    node = {
        "targets": ["10.9.9.9:10250"],
        "labels": {"__meta_kubernetes_node_name": "node-1", "__meta_kubernetes_node_label_x": "y"},
    }
    groups = {"pod": [target for pod in pods for target in pod.targets()], "node": [node]}
    for role, targets in groups.items():
        (folder / f"{role}.json").write_text(json.dumps(targets))
    jobs = []
    for job in kubernetes_jobs(stack):
        (discovery,) = job["kubernetes_sd_configs"]
        files = [{"files": [str(folder / f"{discovery['role']}.json")]}]
        rest = {
            key: value
            for key, value in job.items()
            if key not in ("kubernetes_sd_configs", "authorization", "tls_config")
        }
        jobs.append(rest | {"file_sd_configs": files})
    return jobs
