"""What a real Alertmanager silences while something worse is told."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.binaries import find_binary
from observe.bootstrap.config import alertmanager_config
from observe.bootstrap.config.alertmanager import TOLD_APART_BY
from observe.bootstrap.prometheus import HOST, free_port
from observe.bootstrap.stack import Stack
from observe.bootstrap.supervisor import Supervised

BURN = {
    "alertname": "IstioAvailabilityBurn",
    "tier": "external",
    "objective": "availability",
    "cluster": "east",
    "destination_service": "cart.shop",
}
STALE = {
    "alertname": "ObserveFederationStale",
    "tier": "external",
    "cluster": "east",
    "severity": "critical",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(json.dumps(alertmanager_config(Stack())))
    port = free_port()
    child = Supervised(
        [
            str(find_binary("prometheus-alertmanager")),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--cluster.listen-address=",
        ],
        folder / "log",
    )
    address = f"http://{HOST}:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert child.running and time.monotonic() < deadline, child.last_lines(5)
            try:
                if requests.get(f"{address}/-/ready", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        child.stop()


def states(url: str, *alerts: dict[str, str]) -> list[str]:
    """State of each alert, once all of them are there and those that silence were looked at.

    Labels get a name of the test's own, so that alerts of other tests do not matter.
    """
    body = [{"labels": labels} for labels in alerts]
    requests.post(f"{url}/api/v2/alerts", json=body, timeout=10).raise_for_status()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: list[dict[str, Any]] = requests.get(f"{url}/api/v2/alerts", timeout=10).json()
        by_labels = {json.dumps(a["labels"], sort_keys=True): a["status"]["state"] for a in found}
        mine = [by_labels.get(json.dumps(a, sort_keys=True), "unprocessed") for a in alerts]
        if "unprocessed" not in mine:
            return mine
        time.sleep(0.1)
    raise AssertionError(mine)


@pytest.mark.integration
def test_a_critical_alert_silences_the_warning_of_the_same_service(url: str) -> None:
    critical, warning = BURN | {"severity": "critical"}, BURN | {"severity": "warning"}
    assert states(url, critical, warning) == ["active", "suppressed"]


@pytest.mark.integration
def test_it_does_not_silence_another_service_or_objective(url: str) -> None:
    named = BURN | {"cluster": "apart"}
    other = named | {"severity": "warning", "destination_service": "web.shop"}
    latency = named | {"severity": "warning", "objective": "latency"}
    assert states(url, named | {"severity": "critical"}, other, latency) == ["active"] * 3


@pytest.mark.integration
def test_a_cluster_that_is_cut_off_says_that_and_nothing_else(url: str) -> None:
    stale = STALE | {"cluster": "cut"}
    burn = BURN | {"cluster": "cut", "severity": "critical"}
    elsewhere = BURN | {"cluster": "whole", "severity": "critical"}
    raw = {"alertname": "ObserveScrapes", "tier": "edge", "cluster": "cut", "severity": "critical"}
    target = STALE | {"alertname": "ObserveFederationTargetDown", "cluster": "cut"}
    found = states(url, stale, burn, elsewhere, raw, target)
    assert found == ["active", "suppressed", "active", "active", "active"]


def alert_rules() -> list[dict[str, Any]]:
    files = edge_alerts(Stack()) | external_alerts(Stack())
    rules = [r for document in files.values() for g in document["groups"] for r in g["rules"]]
    return [rule for rule in rules if "alert" in rule]


def test_every_label_that_two_alerts_of_one_name_may_differ_by_is_looked_at() -> None:
    """What two alerts both lack is equal: a label that is left out would be no difference."""
    told = {
        label
        for rule in alert_rules()
        for text in rule["annotations"].values()
        for label in re.findall(r"\$labels\.(\w+)", text)
    }
    told |= {label for rule in alert_rules() for label in rule.get("labels", {})}
    of_urgency = {"severity", "tier", "window", "days"}
    assert sorted(told - of_urgency - set(TOLD_APART_BY)) == []


def test_the_alerts_that_silence_a_cluster_exist() -> None:
    names = {rule["alert"] for rule in alert_rules()}
    assert {"ObserveFederationStale", "ObserveFederationMissing"} <= names
