"""Everything that can be rendered, judged by the real promtool and amtool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observe.bootstrap.config import (
    Problem,
    alertmanager_config,
    check_tree,
    edge_config,
    external_config,
    hash_password,
    kubernetes_jobs,
    mounted_credentials,
    web_config,
)
from observe.bootstrap.rules import edge_rules
from observe.bootstrap.stack import Stack
from observe.errors import InputError
from observe.export.yaml_io import dump_documents

HASH = hash_password("a password of tests", rounds=4)


def rendered(stack: Stack) -> dict[str, str]:
    """All files of both tiers."""
    proof = mounted_credentials(stack.security.auth)
    documents: dict[str, Any] = {
        "edge/prometheus.yml": edge_config(
            stack,
            "east",
            jobs=kubernetes_jobs(stack),
            rule_files=["/etc/prometheus/rules/*.yaml"],
            alertmanagers=["alertmanager:9093", "https://other.example:443/am"],
            credentials=proof,
            replica="a" if stack.edge.replicas == 2 else None,
            write_url="https://external.example/api/v1/write",
        ),
        "external/prometheus.yml": external_config(
            stack,
            edges={cluster.name: f"http://edge-{cluster.name}:9090" for cluster in stack.clusters},
            rule_files=[],
            credentials=proof,
        ),
        "alertmanager.yml": alertmanager_config(stack),
        "web.yml": web_config(proof, HASH),
        **{f"rules/{name}": document for name, document in edge_rules(stack).items()},
    }
    return {name: dump_documents([document]) for name, document in documents.items()}


stacks = st.fixed_dictionaries(
    {
        "clusters": st.sampled_from([[{"name": "east"}], [{"name": "east"}, {"name": "west"}]]),
        "edge": st.fixed_dictionaries(
            {
                "sizes": st.booleans(),
                "replicas": st.integers(1, 2),
                "keep": st.sampled_from(["core", "all"]),
                "verifyKubelet": st.booleans(),
                "scrapeSeconds": st.integers(1, 30),
            }
        ),
        "external": st.fixed_dictionaries(
            {
                "transport": st.sampled_from(["federate", "remote-write"]),
                "federationSeconds": st.integers(1, 60),
            }
        ),
        "alerting": st.fixed_dictionaries(
            {"receiver": st.sampled_from(["none", "webhook", "slack", "pagerduty"])}
        ),
        "security": st.fixed_dictionaries({"auth": st.sampled_from(["basic", "mtls"])}),
    }
)


@pytest.mark.integration
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(stacks)
def test_whatever_the_stack_the_programs_accept_it(data: dict[str, Any]) -> None:
    assert check_tree(rendered(Stack.model_validate(data))) == []


def test_a_broken_file_of_each_kind_is_named() -> None:
    files = {
        "prometheus.yml": "scrape_configs: [{job_name: a, scrape_interval: soon}]\n",
        "rules.yaml": "groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]\n",
        "web.yml": "basic_auth_users: {observe: plain}\n",
        "alertmanager.yml": "route: {receiver: nobody}\nreceivers: [{name: none}]\n",
        "torn.yml": "a: [\n",
        "other.yml": "kind: Service\nscrape_configs: 7\n",
        "notes.md": "a: [",
    }
    problems = check_tree(files)
    assert [problem.file for problem in problems] == [
        "alertmanager.yml",
        "prometheus.yml",
        "rules.yaml",
        "torn.yml",
        "web.yml",
    ]
    assert all("\n" not in problem.message for problem in problems)
    by_file = {problem.file: problem.message for problem in problems}
    assert "not a valid duration string" in by_file["prometheus.yml"]
    assert "could not parse expression" in by_file["rules.yaml"]
    assert "nobody" in by_file["alertmanager.yml"]


def test_rules_inside_kubernetes_objects_are_looked_at() -> None:
    broken = {"groups": [{"name": "a", "rules": [{"record": "x", "expr": "sum("}]}]}
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "spec": broken}
    config_map = {"kind": "ConfigMap", "data": {"rules.yaml": dump_documents([broken])}}
    problems = check_tree(
        {"rule.yaml": dump_documents([rule]), "map.yaml": dump_documents([config_map])}
    )
    assert [problem.file for problem in problems] == ["map.yaml:rules.yaml", "rule.yaml"]


def test_a_rule_file_that_is_named_and_not_rendered_is_a_problem() -> None:
    text = "rule_files: [/etc/prometheus/rules/none.yaml]\nscrape_configs: []\n"
    assert check_tree({"prometheus.yml": text}) == [
        Problem("prometheus.yml", "no rule file /etc/prometheus/rules/none.yaml was rendered")
    ]


def test_discovery_that_no_prometheus_knows_is_a_problem_for_any_build() -> None:
    text = "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pods}]}]\n"
    (problem,) = check_tree({"prometheus.yml": text})
    assert "role" in problem.message


def test_without_promtool_the_way_to_get_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVE_BIN_DIR", str(tmp_path))
    with pytest.raises(InputError, match="make prometheus"):
        check_tree({"rules.yaml": "groups: []\n"})
    with pytest.raises(InputError, match="make alertmanager"):
        check_tree({"am.yaml": "route: {receiver: a}\nreceivers: [{name: a}]\n"})
