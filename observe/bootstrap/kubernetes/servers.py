"""The StatefulSets: Prometheus of each tier, and Alertmanager."""

from __future__ import annotations

from observe.bootstrap.kubernetes.names import ALERTMANAGER_PORT, PORT, Component, Object, name_of
from observe.bootstrap.kubernetes.pods import DATA_FOLDER, config_volume, container, stateful_set
from observe.bootstrap.kubernetes.settings import (
    CONFIG_FOLDER,
    RULES_FOLDER,
    probe_command,
    web_file,
)
from observe.bootstrap.sizing import Resources
from observe.bootstrap.stack import Stack

_ALERTMANAGER_RESOURCES = {
    "requests": {"cpu": "20m", "memory": "64Mi"},
    "limits": {"memory": "256Mi"},
}
#: Till a write-ahead log of days is read again.
_STARTUP_SECONDS = 1800


def prometheus(stack: Stack, component: Component, size: Resources, checksum: str) -> Object:
    """The Prometheus of a tier, `edge` or `external`; `checksum` is that of its ConfigMaps."""
    edge = component == "edge"
    server = container(
        "prometheus",
        stack.prometheus_image,
        arguments=_arguments(stack, edge=edge, retention_size=size.retention_size),
        port=PORT,
        resources={
            "requests": {"cpu": size.cpu_request, "memory": size.memory_request},
            "limits": {"memory": size.memory_limit},
        },
    )
    ready = {"exec": {"command": probe_command(stack)}, "timeoutSeconds": 10}
    server |= {
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "startupProbe": ready | {"periodSeconds": 15, "failureThreshold": _STARTUP_SECONDS // 15},
        "readinessProbe": ready | {"periodSeconds": 30, "failureThreshold": 3},
    }
    server["volumeMounts"].append({"name": "rules", "mountPath": RULES_FOLDER, "readOnly": True})
    name = name_of(component)
    return stateful_set(
        stack,
        component,
        server,
        replicas=stack.edge.replicas if edge else 1,
        storage=size.storage,
        volumes=[
            config_volume("config", f"{name}-config"),
            config_volume("rules", f"{name}-rules"),
        ],
        checksum=checksum,
        token=edge,
    )


def alertmanager(stack: Stack, checksum: str) -> Object:
    """The one Alertmanager; a single one needs no gossip, and opens no port for it."""
    server = container(
        "alertmanager",
        stack.alertmanager_image,
        arguments=[
            f"--config.file={CONFIG_FOLDER}/alertmanager.yml",
            f"--storage.path={DATA_FOLDER}",
            f"--web.config.file={web_file(stack)}",
            f"--web.listen-address=:{ALERTMANAGER_PORT}",
            "--cluster.listen-address=",
        ],
        port=ALERTMANAGER_PORT,
        resources=_ALERTMANAGER_RESOURCES,
    )
    server["readinessProbe"] = {"tcpSocket": {"port": "web"}, "periodSeconds": 10}
    return stateful_set(
        stack,
        "alertmanager",
        server,
        replicas=1,
        storage="1Gi",
        volumes=[config_volume("config", f"{name_of('alertmanager')}-config")],
        checksum=checksum,
    )


def _arguments(stack: Stack, *, edge: bool, retention_size: str) -> list[str]:
    retention = stack.edge.retention if edge else stack.external.retention
    arguments = [
        f"--config.file={CONFIG_FOLDER}/prometheus.yml",
        f"--storage.tsdb.path={DATA_FOLDER}",
        f"--storage.tsdb.retention.time={retention}",
        f"--storage.tsdb.retention.size={retention_size}",
        f"--web.config.file={web_file(stack)}",
        f"--web.listen-address=:{PORT}",
    ]
    if edge and stack.edge.replicas > 1:
        # Prometheus 2 reads ${POD_NAME} with this only; Prometheus 3 does always, and says so.
        arguments.append("--enable-feature=expand-external-labels")
    if not edge and stack.external.transport == "remote-write":
        arguments.append("--web.enable-remote-write-receiver")
    return arguments
