"""The files of the local stack as text, and the command lines that read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.config import (
    Credentials,
    alertmanager_config,
    edge_config,
    external_config,
)
from observe.bootstrap.local.settings import ALERTMANAGER, EDGE, EXTERNAL, LocalSettings, Places
from observe.bootstrap.local.targets import scrape_jobs
from observe.bootstrap.prometheus import HOST
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.rules import edge_rules, external_rules

_NOTE = ("Written by `observe bootstrap local`; changes made here are refused, not lost.",)


def credentials(places: Places) -> Credentials:
    """What the processes show one another: user and password, whatever the stack says for
    clusters, because nothing leaves this machine."""
    return Credentials("basic", password_file=str(places.password))


def render(settings: LocalSettings, places: Places) -> dict[str, str]:
    """Relative path → text of everything in the configuration folder."""
    stack, ports, proof = settings.stack, settings.ports, credentials(places)
    cluster = stack.home_cluster.name
    addresses = {name: f"{HOST}:{port}" for name, port in ports.items()}
    others = {c.name: c.edge_url for c in stack.clusters if c.name != cluster and c.edge_url}
    common: dict[str, Any] = {
        "rule_files": ["rules/*.yaml"],
        "alertmanagers": [addresses[ALERTMANAGER]],
        "credentials": proof,
    }
    edge = edge_config(
        stack,
        cluster,
        jobs=scrape_jobs(settings.targets, settings.targets_file),
        write_url=f"http://{addresses[EXTERNAL]}/api/v1/write",
        own_address=addresses[EDGE],
        **common,
    )
    external = external_config(
        stack,
        edges={cluster: f"http://{addresses[EDGE]}"} | others,
        own_address=addresses[EXTERNAL],
        **common,
    )
    documents: dict[str, Mapping[str, Any]] = {
        "edge/prometheus.yml": edge,
        "external/prometheus.yml": external,
        "alertmanager.yml": alertmanager_config(stack, str(places.folder / "secrets")),
    }
    documents |= _below("edge/rules", {**edge_rules(stack), **edge_alerts(stack)})
    documents |= _below("external/rules", {**external_rules(stack), **external_alerts(stack)})
    texts = {path: yaml_text([document], _NOTE) for path, document in documents.items()}
    return texts | {f"edge/rules/{name}": text for name, text in settings.user_rules.items()}


def _below(folder: str, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {f"{folder}/{name}": document for name, document in files.items()}


def commands(
    settings: LocalSettings, places: Places, binaries: Mapping[str, Path]
) -> dict[str, list[str]]:
    """Process → command line; no secret is part of one.

    Args:
        settings: ports and retention.
        places: where everything is.
        binaries: `prometheus` and `alertmanager` → program.
    """
    stack, ports = settings.stack, settings.ports
    receiver = (
        ["--web.enable-remote-write-receiver"] if stack.external.transport == "remote-write" else []
    )
    retention = {EDGE: stack.edge.retention, EXTERNAL: stack.external.retention}
    extra = {EDGE: [], EXTERNAL: receiver}
    found = {
        name: [
            str(binaries["prometheus"]),
            f"--config.file={places.config / name / 'prometheus.yml'}",
            f"--storage.tsdb.path={places.data(name)}",
            f"--storage.tsdb.retention.time={retention[name]}",
            *_web(places, ports[name]),
            "--web.enable-lifecycle",
            *extra[name],
        ]
        for name in (EDGE, EXTERNAL)
    }
    found[ALERTMANAGER] = [
        str(binaries["alertmanager"]),
        f"--config.file={places.config / 'alertmanager.yml'}",
        f"--storage.path={places.data(ALERTMANAGER)}",
        *_web(places, ports[ALERTMANAGER]),
        "--cluster.listen-address=",
    ]
    return found


def _web(places: Places, port: int) -> list[str]:
    return [
        f"--web.config.file={places.web}",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}",  # links in alerts, which else name the host
    ]
