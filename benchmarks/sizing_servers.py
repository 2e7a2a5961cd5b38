"""Two real tiers that watch a shown mesh in accelerated time, and what they then measure."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.config import Credentials, edge_config, external_config, kubernetes_jobs
from observe.bootstrap.config.tiers import Config
from observe.bootstrap.prometheus import HOST, PrometheusServer, free_port
from observe.bootstrap.rules import edge_rules
from observe.bootstrap.stack import Stack
from observe.bootstrap.supervisor import Supervised

#: How much faster than in a mesh everything is: scrape, evaluation, federation.
FASTER = 5
_FLAGS = ("--web.enable-admin-api",)
#: What is in no block yet.
_HEAD = ("wal", "chunks_head")


@dataclass(frozen=True)
class Measured:
    """What a server says of itself at the end of a run."""

    series: float
    samples_per_second: float
    memory_bytes: float
    cores: float
    disk_bytes: float
    samples: float


def faster(stack: Stack) -> Stack:
    """The same stack in accelerated time."""
    edge = {
        "scrape_seconds": stack.edge.scrape_seconds // FASTER,
        "evaluation_seconds": stack.edge.evaluation_seconds // FASTER,
    }
    external = {"federation_seconds": stack.external.federation_seconds // FASTER}
    return stack.model_copy(
        update={
            "edge": stack.edge.model_copy(update=edge),
            "external": stack.external.model_copy(update=external),
        }
    )


@contextmanager
def shown(services: int, pods: int, log: Path) -> Iterator[int]:
    """A process that serves the pages of a mesh, and ends with this one; its port."""
    port = free_port()
    numbers = {"services": services, "pods": pods, "port": port}
    command = [sys.executable, str(Path(__file__).with_name("shown_mesh.py"))]
    command += [text for name, value in numbers.items() for text in (f"--{name}", str(value))]
    child = Supervised(command, log)
    try:
        for _ in range(600):
            try:
                requests.get(f"http://{HOST}:{port}/?pod=0", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield port
    finally:
        child.stop()


@contextmanager
def two_tiers(
    folder: Path, stack: Stack, mesh_port: int, pods: int
) -> Iterator[tuple[PrometheusServer, PrometheusServer]]:
    """The edge tier that scrapes the mesh, and the external tier that federates it."""
    password = folder / "password"
    password.write_text("no password is asked for on loopback")
    credentials = Credentials("basic", password_file=str(password))
    ports = free_port(), free_port()
    edge_rules_file, external_rules_file = folder / "edge.yml", folder / "external.yml"
    edge_rules_file.write_text(json.dumps(_fast(stack, edge_rules(stack), edge_alerts(stack))))
    external_rules_file.write_text(json.dumps(_fast(stack, external_alerts(stack))))
    edge = edge_config(
        stack,
        "east",
        jobs=[_job(stack, mesh_port, pods)],
        rule_files=[str(edge_rules_file)],
        credentials=credentials,
        own_address=f"{HOST}:{ports[0]}",
    )
    external = external_config(
        stack,
        edges={"east": f"http://{HOST}:{ports[0]}"},
        rule_files=[str(external_rules_file)],
        credentials=credentials,
        own_address=f"{HOST}:{ports[1]}",
    )
    with (
        PrometheusServer(folder / "edge", config=_text(edge), port=ports[0], flags=_FLAGS) as one,
        PrometheusServer(
            folder / "ext", config=_text(external), port=ports[1], flags=_FLAGS
        ) as two,
    ):
        yield one, two


def _text(config: Config) -> str:
    return json.dumps(config)  # JSON is YAML


def _fast(stack: Stack, *files: Mapping[str, Any]) -> dict[str, Any]:
    """Rules in accelerated time; windows of hours stay as they are, which costs no less."""
    window = f"{stack.rate_seconds // FASTER}s"
    groups = [g for file in files for document in file.values() for g in document["groups"]]
    document: dict[str, Any] = json.loads(
        json.dumps({"groups": groups}).replace("[5m]", f"[{window}]")
    )
    for group in document["groups"]:
        group["interval"] = f"{stack.edge.evaluation_seconds}s"
    return document


def _job(stack: Stack, port: int, pods: int) -> dict[str, Any]:
    """The sidecars' job with its own list of metrics, on targets that are named one by one."""
    job = dict(kubernetes_jobs(stack)[0])
    del job["kubernetes_sd_configs"], job["relabel_configs"]
    job["static_configs"] = [
        {
            "targets": [f"10.0.{pod // 250}.{pod % 250}:15020"],
            "labels": {
                "__param_pod": str(pod),
                "namespace": "shop",
                "pod": f"client-{pod}-5d4b8c9f7d-x2k8p",
                "node": f"node-{pod // 20}",
                "app": f"client-{pod}",
            },
        }
        for pod in range(pods)
    ]
    job["relabel_configs"] = [{"target_label": "__address__", "replacement": f"{HOST}:{port}"}]
    job["relabel_configs"].insert(0, {"source_labels": ["__address__"], "target_label": "instance"})
    return job


def measure(server: PrometheusServer, stack: Stack, evaluations: int) -> Measured:
    """What a server says of itself at the end of a run.

    Samples are counted over whole evaluations, because they come in bursts. A snapshot writes the
    head as a block, which is when a server needs the most memory.
    """
    own = '{job="prometheus",cluster=""}'
    span = evaluations * stack.edge.evaluation_seconds
    appended = f"prometheus_tsdb_head_samples_appended_total{own}"

    def ask(query: str) -> float:
        answer = requests.get(
            f"{server.url}/api/v1/query", params={"query": query}, timeout=30
        ).json()
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else float("nan")

    samples = ask(f"({appended} - {appended} offset {span}s) / {span}")
    cores = ask(f"rate(process_cpu_seconds_total{own}[{span}s])")
    series, stored = ask(f"prometheus_tsdb_head_series{own}"), ask(appended)
    disk = sum(_size(server.folder / "data" / part) for part in _HEAD)
    requests.post(f"{server.url}/api/v1/admin/tsdb/snapshot", timeout=60).raise_for_status()
    time.sleep(3 * stack.external.federation_seconds)
    memory = ask(f"max_over_time(process_resident_memory_bytes{own}[{span}s])")
    return Measured(series, samples, memory, cores, float(disk), stored)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
