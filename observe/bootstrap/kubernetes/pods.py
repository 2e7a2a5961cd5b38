"""What all pods of the stack have in common: rights, volumes, where they run."""

from __future__ import annotations

from collections.abc import Sequence

from observe.bootstrap.config.alertmanager import RECEIVER_KEYS
from observe.bootstrap.config.credentials import (
    CA_KEY,
    CERTIFICATE_KEY,
    MOUNT,
    PASSWORD_KEY,
    PRIVATE_KEY,
    WEB_KEY,
)
from observe.bootstrap.kubernetes.names import (
    COMMON_LABELS,
    Component,
    Object,
    metadata,
    name_of,
    pods_service,
    selector,
)
from observe.bootstrap.kubernetes.settings import CONFIG_FOLDER
from observe.bootstrap.stack import Stack

#: The user `nobody` of the images.
_NOBODY = 65534
DATA_FOLDER = "/data"
#: The mesh leaves these pods alone. Metrics ports are not part of the mesh's mTLS, so that scraping
#: needs no proxy, and one beside Prometheus would hold the configuration of every pod it asks.
OUTSIDE_THE_MESH = {"sidecar.istio.io/inject": "false", "istio.io/dataplane-mode": "none"}


def secret_keys(stack: Stack, component: Component) -> list[str]:
    """The keys of the tiers' Secret that a component reads; no others are mounted."""
    if stack.security.auth == "basic":
        keys = [PASSWORD_KEY, WEB_KEY]
    else:
        keys = [CA_KEY, CERTIFICATE_KEY, PRIVATE_KEY]
    if component == "alertmanager":
        keys = [key for key in keys if key != PASSWORD_KEY]
        keys += [RECEIVER_KEYS[r] for r in [stack.alerting.receiver] if r != "none"]
    return keys


def stateful_set(
    stack: Stack,
    component: Component,
    container: Object,
    *,
    replicas: int,
    storage: str,
    volumes: Sequence[Object],
    checksum: str,
    token: bool = False,
) -> Object:
    """A StatefulSet of one container with a volume for its data.

    Args:
        container: from :func:`container`.
        storage: size of the volume.
        volumes: volumes beside the data and the Secret.
        checksum: of the ConfigMaps; a new one replaces the pods, one after the other.
        token: mount the account's token, for discovery.
    """
    pod = _pod(stack, component, container, volumes, token=token)
    if replicas > 1:
        pod["affinity"] = apart(component)
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(name_of(component), component, stack.namespace),
        "spec": {
            "serviceName": pods_service(component),
            "replicas": replicas,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "selector": {"matchLabels": selector(component)},
            "template": {
                "metadata": {
                    "labels": {**COMMON_LABELS, **selector(component), **OUTSIDE_THE_MESH},
                    "annotations": {"mesh-observe/config": checksum},
                },
                "spec": pod,
            },
            "volumeClaimTemplates": [_claim(component, storage)],
        },
    }


def _pod(
    stack: Stack, component: Component, container: Object, volumes: Sequence[Object], *, token: bool
) -> Object:
    secret = {
        "secretName": stack.security.secret,
        "defaultMode": 0o440,
        "items": [{"key": key, "path": key} for key in secret_keys(stack, component)],
    }
    return {
        "serviceAccountName": name_of(component),
        "automountServiceAccountToken": token,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # a write-ahead log is closed well in far less; a killed one is replayed
        "terminationGracePeriodSeconds": 300,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [container],
        "volumes": [*volumes, {"name": "tiers", "secret": secret}],
    }


def container(
    name: str, image: str, *, arguments: Sequence[str], port: int, resources: Object
) -> Object:
    """A container that may write to its data and nowhere else."""
    return {
        "name": name,
        "image": image,
        "args": list(arguments),
        "ports": [{"name": "web", "containerPort": port, "protocol": "TCP"}],
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "livenessProbe": {
            "tcpSocket": {"port": "web"},
            "periodSeconds": 15,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "volumeMounts": [
            {"name": "data", "mountPath": DATA_FOLDER},
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "tiers", "mountPath": MOUNT, "readOnly": True},
        ],
    }


def config_volume(name: str, config_map: str) -> Object:
    """A volume of a ConfigMap."""
    return {"name": name, "configMap": {"name": config_map}}


def _claim(component: Component, storage: str) -> Object:
    """The volume of a pod; it outlives the StatefulSet."""
    return {
        "metadata": {"name": "data", "labels": dict(sorted(selector(component).items()))},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
        },
    }


def apart(component: Component) -> Object:
    """The two of a pair on two nodes: what takes one down leaves the other."""
    term = {
        "labelSelector": {"matchLabels": selector(component)},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
