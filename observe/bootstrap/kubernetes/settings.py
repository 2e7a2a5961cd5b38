"""ConfigMaps: configuration, rules, and what probes show. Nothing in them is secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from observe.bootstrap.config import (
    Credentials,
    alertmanager_config,
    edge_config,
    external_config,
    kubernetes_jobs,
    web_config,
)
from observe.bootstrap.config.credentials import MOUNT, WEB_KEY
from observe.bootstrap.kubernetes.names import (
    PORT,
    Component,
    Object,
    alertmanager_urls,
    metadata,
    name_of,
    service_url,
    tier_credentials,
    write_url,
)
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.stack import Cluster, Stack
from observe.bootstrap.tiers import RuleFiles
from observe.errors import InputError

CONFIG_FOLDER = "/etc/observe/config"
RULES_FOLDER = "/etc/observe/rules"
PROBE_KEY = "probe.yml"
#: Kubernetes refuses larger objects (1 MiB of data); names of keys count too.
_LARGEST = 1_000_000


def web_file(stack: Stack) -> str:
    """Where a server finds who may ask it: the Secret, when a hash of a password is in it."""
    folder = MOUNT if stack.security.auth == "basic" else CONFIG_FOLDER
    return f"{folder}/{WEB_KEY}"


def edge_settings(stack: Stack, cluster: Cluster, rules: RuleFiles) -> dict[str, str]:
    """Texts of an edge tier's ConfigMap.

    Raises:
        InputError: the stack does not say where to write to.
    """
    return {"prometheus.yml": yaml_text([edge_values(stack, cluster, rules)])} | _access(stack)


def edge_values(stack: Stack, cluster: Cluster, rules: RuleFiles) -> dict[str, Any]:
    """`prometheus.yml` of a cluster's edge tier."""
    return edge_config(
        stack,
        cluster.name,
        jobs=kubernetes_jobs(stack),
        rule_files=[f"{RULES_FOLDER}/{name}" for name in sorted(rules)],
        alertmanagers=alertmanager_urls(stack, cluster),
        credentials=tier_credentials(stack),
        # Prometheus itself puts the name of the pod in.
        replica="${POD_NAME}" if stack.edge.replicas > 1 else None,
        write_url=write_url(stack, cluster),
    )


def external_settings(
    stack: Stack, rules: RuleFiles, edges: Mapping[str, list[str]]
) -> dict[str, str]:
    """Texts of the external tier's ConfigMap; it asks these edge tiers, by cluster."""
    config = external_values(stack, edges, rules)
    return {"prometheus.yml": yaml_text([config])} | _access(stack)


def external_values(
    stack: Stack, edges: Mapping[str, list[str]], rules: RuleFiles
) -> dict[str, Any]:
    """`prometheus.yml` of the external tier, with these addresses of edge tiers."""
    return external_config(
        stack,
        edges=edges,
        rule_files=[f"{RULES_FOLDER}/{name}" for name in sorted(rules)],
        alertmanagers=[service_url(stack, "alertmanager")],
        credentials=tier_credentials(stack),
    )


def alertmanager_settings(stack: Stack) -> dict[str, str]:
    """Texts of Alertmanager's ConfigMap."""
    access = {key: text for key, text in _access(stack).items() if key != PROBE_KEY}
    return {"alertmanager.yml": yaml_text([alertmanager_config(stack)])} | access


def rule_settings(rules: RuleFiles) -> dict[str, str]:
    """Texts of a ConfigMap of rules."""
    return {name: yaml_text([document]) for name, document in sorted(rules.items())}


def config_map(stack: Stack, component: Component, what: str, texts: Mapping[str, str]) -> Object:
    """A ConfigMap `observe-<component>-<what>`.

    Raises:
        InputError: it is larger than Kubernetes takes.
    """
    name = f"{name_of(component)}-{what}"
    size = sum(len(key) + len(text.encode()) for key, text in texts.items())
    if size > _LARGEST:
        raise InputError(
            f"the ConfigMap {name} would hold {size:,} bytes; Kubernetes takes {_LARGEST:,}",
            "move rules of your own into a ConfigMap of their own",
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(name, component, stack.namespace),
        "data": dict(texts),
    }


def checksum(*maps: Object) -> str:
    """Changes with the data of ConfigMaps, so that pods are replaced when it does."""
    text = json.dumps([each["data"] for each in maps], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _access(stack: Stack) -> dict[str, str]:
    """How a probe proves itself; with mTLS also who is let in, which then is no secret."""
    credentials = tier_credentials(stack)
    files = {PROBE_KEY: yaml_text([_probe(credentials)])}
    if credentials.auth == "mtls":
        files[WEB_KEY] = yaml_text([web_config(credentials)])
    return files


def _probe(credentials: Credentials) -> dict[str, Any]:
    return credentials.client()


def probe_command(stack: Stack) -> list[str]:
    """Asks the server in its own container whether it is ready (promtool 2.44 and later)."""
    return [
        "promtool",
        "check",
        "ready",
        f"--url={tier_credentials(stack).scheme}://127.0.0.1:{PORT}",
        f"--http.config.file={CONFIG_FOLDER}/{PROBE_KEY}",
    ]
