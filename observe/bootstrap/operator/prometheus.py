"""The Prometheus objects of both tiers, their rules, and the jobs that name addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from observe.bootstrap.config.credentials import (
    CA_KEY,
    CERTIFICATE_KEY,
    PASSWORD_KEY,
    PRIVATE_KEY,
)
from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.kubernetes.names import (
    ALERTMANAGER_PORT,
    COMMON_LABELS,
    Component,
    Object,
    metadata,
    name_of,
    pods_service,
    selector,
)
from observe.bootstrap.kubernetes.pods import OUTSIDE_THE_MESH, apart
from observe.bootstrap.operator.gate import gate_container, gate_volumes
from observe.bootstrap.operator.monitors import limits, relabelings
from observe.bootstrap.secret import USER_KEY
from observe.bootstrap.sizing import Resources
from observe.bootstrap.stack import Stack

_NOBODY = 65534
#: How a Prometheus finds what is meant for it.
_SELECTORS = (
    "ruleSelector",
    "podMonitorSelector",
    "serviceMonitorSelector",
    "scrapeConfigSelector",
)


def prometheus(
    stack: Stack, component: Component, config: Mapping[str, Any], size: Resources, checksum: str
) -> Object:
    """The Prometheus of a tier.

    Args:
        stack: retention, image, access.
        component: `edge` or `external`.
        config: the tier's plain configuration; intervals, labels and remote write are its own.
        size: requests, limit and volume.
        checksum: of the gate's ConfigMap; a new one replaces the pods.
    """
    edge = component == "edge"
    pair = edge and stack.edge.replicas > 1
    pace, selected = config["global"], {"matchLabels": selector(component)}
    spec: Object = {
        **_version(stack.prometheus_image),
        **_size(size),
        "replicas": stack.edge.replicas if edge else 1,
        "scrapeInterval": pace["scrape_interval"],
        "scrapeTimeout": pace["scrape_timeout"],
        "evaluationInterval": pace["evaluation_interval"],
        "externalLabels": {"cluster": pace["external_labels"]["cluster"]} if edge else {},
        "prometheusExternalLabelName": "",
        "replicaExternalLabelName": "prometheus_replica" if pair else "",
        "retention": stack.edge.retention if edge else stack.external.retention,
        "listenLocal": True,
        "containers": [gate_container(stack)],
        "volumes": gate_volumes(stack, component),
        **dict.fromkeys(_SELECTORS, selected),
        **_pods(component, checksum, pair=pair),
        **_alerting(stack, config),
    }
    if "remote_write" in config:
        spec["remoteWrite"] = [remote_write(stack, each) for each in config["remote_write"]]
    if not edge and stack.external.transport == "remote-write":
        spec["enableRemoteWriteReceiver"] = True
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": metadata(name_of(component), component, stack.namespace),
        "spec": spec,
    }


def rule(stack: Stack, component: Component, name: str, document: Mapping[str, Any]) -> Object:
    """A file of rules."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.rpartition(".")[0].lower()).strip("-")
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata(f"{name_of(component)}-{stem}", component, stack.namespace),
        "spec": dict(document),
    }


def scrape_config(stack: Stack, component: Component, job: Mapping[str, Any]) -> Object:
    """A job that names its addresses: federation, and Prometheus itself.

    Itself it asks on loopback, where nobody else can and no password is asked for.
    """
    name = str(job["job_name"])
    own = name == OWN_JOB
    spec: Object = {
        "jobName": name,
        "metricsPath": job.get("metrics_path", "/metrics"),
        "scheme": "http" if own else job.get("scheme", "http"),
        "honorLabels": job.get("honor_labels", False),
        "staticConfigs": job["static_configs"],
        "metricRelabelings": relabelings(job.get("metric_relabel_configs", [])),
        **limits(job),
        **({} if own else client(stack)),
    }
    for ours, theirs in (
        ("scrape_interval", "scrapeInterval"),
        ("scrape_timeout", "scrapeTimeout"),
    ):
        if ours in job:
            spec[theirs] = job[ours]
    if "params" in job:
        spec["params"] = job["params"]
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": metadata(f"{name_of(component)}-{name}", component, stack.namespace),
        "spec": spec,
    }


def client(stack: Stack) -> Object:
    """What a client of the tiers shows, as references into their Secret."""

    def key(name: str) -> Object:
        return {"name": stack.security.secret, "key": name}

    if stack.security.auth == "basic":
        return {"basicAuth": {"username": key(USER_KEY), "password": key(PASSWORD_KEY)}}
    return {
        "tlsConfig": {
            "ca": {"secret": key(CA_KEY)},
            "cert": {"secret": key(CERTIFICATE_KEY)},
            "keySecret": key(PRIVATE_KEY),
            "serverName": stack.security.secret,
        }
    }


def remote_write(stack: Stack, plain: Mapping[str, Any]) -> Object:
    """A block of remote write in the operator's spelling."""
    return {
        "url": plain["url"],
        "name": plain["name"],
        "writeRelabelConfigs": relabelings(plain["write_relabel_configs"]),
        **client(stack),
    }


def _alerting(stack: Stack, config: Mapping[str, Any]) -> Object:
    """The Alertmanager of this cluster; the operator has no field for one elsewhere."""
    beside = f"{name_of('alertmanager')}.{stack.namespace}.svc:{ALERTMANAGER_PORT}"
    targets = [
        target
        for block in config.get("alerting", {}).get("alertmanagers", [])
        for each in block["static_configs"]
        for target in each["targets"]
    ]
    if beside not in targets:
        return {}
    block = {
        "namespace": stack.namespace,
        "name": name_of("alertmanager"),
        "port": "tcp-web",
        "apiVersion": "V2",
        "scheme": "https" if stack.security.auth == "mtls" else "http",
        **client(stack),
    }
    return {"alerting": {"alertmanagers": [block]}}


def _pods(component: Component, checksum: str, *, pair: bool) -> Object:
    """How the pods run: as those of the plain target."""
    found: Object = {
        "serviceAccountName": name_of(component),
        "serviceName": pods_service(component),
        "automountServiceAccountToken": component == "edge",
        "portName": "web",
        "enableServiceLinks": False,
        "podMetadata": {
            "labels": {**COMMON_LABELS, **selector(component), **OUTSIDE_THE_MESH},
            "annotations": {"mesh-observe/config": checksum},
        },
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return found | ({"affinity": apart(component)} if pair else {})


def _size(size: Resources) -> Object:
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size.storage}},
    }
    return {
        "retentionSize": size.retention_size,
        "resources": {
            "requests": {"cpu": size.cpu_request, "memory": size.memory_request},
            "limits": {"memory": size.memory_limit},
        },
        "storage": {"volumeClaimTemplate": {"spec": claim}},
    }


def _version(image: str) -> Object:
    """Image and version; the operator writes arguments that fit the version."""
    tag = image.rpartition(":")[2]
    known = {"version": tag} if re.fullmatch(r"v\d+\.\d+\.\d+", tag) else {}
    return {"image": image} | known
