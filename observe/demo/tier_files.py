"""What both Prometheus servers of the demo are configured to do once their week is loaded. Pure.

As in the local stack, but without a password: all that there is to read is simulated, on loopback,
and meant to be opened in a browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.config import (
    Credentials,
    alertmanager_config,
    edge_config,
    external_config,
)
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.rules import edge_rules, external_rules
from observe.bootstrap.stack import Cluster, EdgeTier, Objectives, Stack
from observe.demo.history import INTERVAL_SECONDS
from observe.demo.live import path_of
from observe.demo.live_mesh import Source
from observe.telemetry.recorded import HEARTBEAT

_RULES = "rules/*.yaml"
#: The long poll of the demo's shop answers late on purpose.
_EXEMPT = ("orders-queue.shop.svc.cluster.local",)


def demo_stack(clusters: Sequence[str]) -> Stack:
    """The stack of the demo: one edge tier for all clusters, scraped as the week was."""
    return Stack(
        clusters=tuple(Cluster(name=name) for name in clusters),
        edge=EdgeTier(scrape_seconds=INTERVAL_SECONDS, evaluation_seconds=INTERVAL_SECONDS),
        objectives=Objectives(latency_exempt=_EXEMPT),
    )


def edge_files(
    stack: Stack,
    sources: Sequence[Source],
    exporter: str,
    own_address: str,
    alertmanagers: Sequence[str] = (),
) -> dict[str, str]:
    """Relative path → text for the edge tier.

    Args:
        stack: as from `demo_stack`.
        sources: what the exporter shows.
        exporter: its `host:port`.
        own_address: `host:port` of the edge tier.
        alertmanagers: `host:port` of each.
    """
    config = edge_config(
        stack,
        stack.home_cluster.name,
        jobs=_jobs(sources, exporter),
        rule_files=[_RULES],
        alertmanagers=alertmanagers,
        credentials=_nobodys(),
        own_address=own_address,
    )
    rules = edge_rules(stack)
    for document in rules.values():
        for group in document["groups"]:
            group["rules"] = _with_heartbeats(group["rules"], stack)
    return _texts(config, {**rules, **edge_alerts(stack)})


def external_files(
    stack: Stack, edge_address: str, own_address: str, alertmanagers: Sequence[str] = ()
) -> dict[str, str]:
    """Relative path → text for the external tier, which federates the one edge tier."""
    config = external_config(
        stack,
        edges={stack.home_cluster.name: edge_address},
        rule_files=[_RULES],
        alertmanagers=alertmanagers,
        credentials=_nobodys(),
        own_address=own_address,
    )
    return _texts(config, {**external_rules(stack), **external_alerts(stack)})


def alertmanager_file(stack: Stack) -> str:
    """The configuration of the Alertmanager: nobody is told."""
    return yaml_text([alertmanager_config(stack)])


def _jobs(sources: Sequence[Source], exporter: str) -> list[dict[str, Any]]:
    """One job for each kind of program; labels that a page shows win, as it is many pods'."""
    return [
        {
            "job_name": job,
            "honor_labels": True,
            "static_configs": [
                {
                    "targets": [exporter],
                    "labels": {"cluster": cluster, "__metrics_path__": path_of((cluster, job))},
                }
                for cluster, its_job in sources
                if its_job == job
            ],
        }
        for job in sorted({job for _, job in sources})
    ]


def _with_heartbeats(rules: Sequence[dict[str, Any]], stack: Stack) -> list[dict[str, Any]]:
    """The heartbeat of every cluster that this one edge tier speaks for, not of its own only."""
    found: list[dict[str, Any]] = []
    for rule in rules:
        found.append(rule)
        if rule.get("record") == HEARTBEAT:
            others = [c.name for c in stack.clusters if c.name != stack.home_cluster.name]
            found += [rule | {"labels": {"cluster": name}} for name in others]
    return found


def _nobodys() -> Credentials:
    return Credentials("basic", password_file="unused")  # noqa: S106 - taken out again below


def _texts(config: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    texts = {f"rules/{name}": yaml_text([document]) for name, document in rules.items()}
    return texts | {"prometheus.yml": yaml_text([_open(config)])}


def _open(value: Any) -> Any:
    """The configuration without passwords."""
    if isinstance(value, Mapping):
        return {key: _open(each) for key, each in value.items() if key != "basic_auth"}
    return [_open(each) for each in value] if isinstance(value, list) else value
