"""Whether what leaves an edge tier is all that the external tier needs."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from observe.bootstrap.alerts import external_alerts
from observe.bootstrap.config import Credentials, edge_config, external_config, mounted_credentials
from observe.bootstrap.config.federation import HEALTH, matches, recorded_names
from observe.bootstrap.rules import edge_rules, external_rules
from observe.bootstrap.stack import Stack
from observe.errors import InputError

PROOF = mounted_credentials("basic")


def is_federated(name: str, job: str = "") -> bool:
    """Whether a match[] takes a series of this name and job."""
    for text in matches(Stack()):
        wanted = re.fullmatch(r'{__name__=~"(.+?)"(?:,job="(.+)")?}', text)
        if re.fullmatch(wanted[1], name) and wanted[2] in (None, job):
            return True
    return False


def rules(files: dict[str, Any]) -> list[dict[str, Any]]:
    return [r for f in files.values() for g in f["groups"] for r in g["rules"]]


def test_every_recorded_series_is_asked_for() -> None:
    recorded = {r["record"] for r in rules(edge_rules(Stack())) if "record" in r}
    assert len(recorded) > 100
    assert [name for name in sorted(recorded) if not is_federated(name)] == []


def test_how_an_edge_tier_fares_is_asked_for_of_prometheus_alone() -> None:
    for name in (*HEALTH, "up"):
        assert is_federated(name, "prometheus")
        assert not is_federated(name, "istiod")


def test_everything_that_the_external_tier_judges_by_arrives_or_is_recorded_there() -> None:
    own = rules(external_rules(Stack()) | external_alerts(Stack()))
    recorded_there = {r["record"] for r in own if "record" in r}
    recorded = {r["record"] for r in rules(edge_rules(Stack())) if "record" in r}
    read = set()
    for rule in own:
        # Label values and windows, such as [1d:5m], are no names.
        bare = re.sub(r'\[[^\]]*\]|"(?:\\.|[^"\\])*"', "", rule["expr"])
        read |= set(re.findall(r"[a-z]\w*:\w+:\w+", bare))
    assert len(read) > 40
    assert sorted(read - recorded - recorded_there) == []


@pytest.mark.parametrize(
    "name",
    ["istio_requests_total", "envoy_cluster_upstream_rq_total", "kube_pod_info", "a:b", "go_info"],
)
def test_nothing_raw_is_federated(name: str) -> None:
    assert not is_federated(name, "istio-sidecars")


def test_the_address_is_short_enough_for_gateways_in_between() -> None:
    assert len(urlencode([("match[]", match) for match in matches(Stack())])) < 4096


def test_remote_write_keeps_the_same_series_and_no_other() -> None:
    stack = Stack.model_validate({"external": {"transport": "remote-write"}})
    config = edge_config(
        stack, "east", jobs=[], rule_files=[], credentials=PROOF, write_url="https://x/api/v1/write"
    )
    (rule,) = config["remote_write"][0]["write_relabel_configs"]
    assert rule["source_labels"] == ["__name__", "job"]
    pattern = re.compile(rule["regex"])
    for name in recorded_names(stack):
        assert pattern.fullmatch(f"{name};")
    for name in HEALTH:
        assert pattern.fullmatch(f"{name};prometheus")
        assert not pattern.fullmatch(f"{name};istiod")
    for name in ("istio_requests_total", "up", "istio_requests_total;workload:x"):
        assert not pattern.fullmatch(f"{name};istio-sidecars")


def test_remote_write_without_an_address_is_refused() -> None:
    stack = Stack.model_validate({"external": {"transport": "remote-write"}})
    with pytest.raises(InputError, match=r"external\.writeUrl"):
        edge_config(stack, "east", jobs=[], rule_files=[], credentials=PROOF)


def job(url: str | list[str], credentials: Credentials = PROOF) -> dict[str, Any]:
    config = external_config(Stack(), edges={"east": url}, rule_files=[], credentials=credentials)
    found: dict[str, Any] = config["scrape_configs"][0]
    return found


@pytest.mark.parametrize(
    ("url", "scheme", "target", "path"),
    [
        ("edge:9090", "http", "edge:9090", "/federate"),
        ("https://edge.example", "https", "edge.example:443", "/federate"),
        ("http://edge/prometheus/", "http", "edge:80", "/prometheus/federate"),
        ("http://[fd00::1]:9090", "http", "[fd00::1]:9090", "/federate"),
    ],
)
def test_an_address_becomes_scheme_target_and_path(
    url: str, scheme: str, target: str, path: str
) -> None:
    found = job(url)
    assert (found["scheme"], found["metrics_path"]) == (scheme, path)
    assert found["static_configs"] == [{"targets": [target], "labels": {"cluster": "east"}}]


def test_an_address_without_a_scheme_is_asked_as_the_credentials_say() -> None:
    assert job("edge:9090", mounted_credentials("mtls"))["scheme"] == "https"


def test_both_servers_of_a_pair_are_asked() -> None:
    found = job(["http://a:9090", "http://b:9090"])
    assert found["static_configs"][0]["targets"] == ["a:9090", "b:9090"]


@pytest.mark.parametrize(
    "url",
    ["", "http://", "ftp://a", "http://me:secret@a:1", "http://a:no", "http://a?x=1", []],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(url: str | list[str]) -> None:
    with pytest.raises(InputError) as caught:
        job(url)
    assert "secret" not in str(caught.value)


def test_federation_asks_twice_in_the_time_of_one_evaluation_and_waits_less_than_that() -> None:
    found = job("edge:9090")
    assert (found["scrape_interval"], found["scrape_timeout"]) == ("30s", "25s")
    assert found["honor_labels"] is True
    assert found["honor_timestamps"] is True


def test_both_servers_of_a_pair_tell_one_alert() -> None:
    config = edge_config(
        Stack(),
        "east",
        jobs=[],
        rule_files=[],
        credentials=PROOF,
        replica="a",
        alertmanagers=["am:9093", "https://other/am"],
    )
    assert config["global"]["external_labels"] == {"cluster": "east", "prometheus_replica": "a"}
    assert config["alerting"]["alert_relabel_configs"] == [
        {"action": "labeldrop", "regex": "prometheus_replica"}
    ]
    blocks = config["alerting"]["alertmanagers"]
    assert [block.get("path_prefix") for block in blocks] == [None, "/am"]
    assert [block["static_configs"][0]["targets"] for block in blocks] == [
        ["am:9093"],
        ["other:443"],
    ]
