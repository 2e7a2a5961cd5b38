"""The demo's servers are configured as the local stack is, for the mesh that goes on."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.config import check_tree
from observe.demo.tier_files import alertmanager_file, demo_stack, edge_files, external_files
from observe.errors import InputError

STACK = demo_stack(("east", "west"))
SOURCES = [("east", "istiod"), ("east", "kubernetes-pods"), ("west", "kubernetes-pods")]
EDGE = edge_files(STACK, SOURCES, "127.0.0.1:7001", "127.0.0.1:7002", ["127.0.0.1:7004"])
EXTERNAL = external_files(STACK, "http://127.0.0.1:7002", "127.0.0.1:7003", ["127.0.0.1:7004"])


def _load(text: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(text)
    return document


def _jobs(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in _load(files["prometheus.yml"])["scrape_configs"]}


def test_each_job_scrapes_its_page_of_each_cluster_and_pages_name_their_pods() -> None:
    pods = _jobs(EDGE)["kubernetes-pods"]
    assert pods["honor_labels"] is True
    assert [each["labels"] for each in pods["static_configs"]] == [
        {"cluster": "east", "__metrics_path__": "/east/kubernetes-pods"},
        {"cluster": "west", "__metrics_path__": "/west/kubernetes-pods"},
    ]


def test_scrapes_and_evaluations_are_as_far_apart_as_in_the_week() -> None:
    assert _load(EDGE["prometheus.yml"])["global"]["scrape_interval"] == "60s"
    (group,) = _load(EDGE["rules/recording.yaml"])["groups"]
    assert group["interval"] == "60s"


def test_the_one_edge_tier_has_a_heartbeat_for_each_cluster() -> None:
    (group,) = _load(EDGE["rules/recording.yaml"])["groups"]
    beats = [rule for rule in group["rules"] if rule["record"] == "edge:evaluations:heartbeat"]
    assert [rule.get("labels") for rule in beats] == [None, {"cluster": "west"}]
    assert _load(EDGE["prometheus.yml"])["global"]["external_labels"] == {"cluster": "east"}


def test_the_external_tier_federates_the_edge_tier() -> None:
    job = _jobs(EXTERNAL)["federate-east"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:7002"], "labels": {"cluster": "east"}}]


def test_no_file_asks_for_a_password() -> None:
    for files in (EDGE, EXTERNAL):
        assert "basic_auth" not in files["prometheus.yml"]
        assert "password" not in files["prometheus.yml"]


def test_promtool_and_amtool_accept_all_of_it() -> None:
    try:
        find_binary("promtool")
    except InputError as error:
        pytest.skip(str(error))
    tree = {f"edge/{name}": text for name, text in EDGE.items()}
    tree |= {f"external/{name}": text for name, text in EXTERNAL.items()}
    assert check_tree(tree | {"alertmanager.yml": alertmanager_file(STACK)}) == []
