"""Alerts fire when they should and are quiet when they should, judged by promtool."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alert_files import ALERTS, CASES, OPTIONAL, ROOT, STACKS, loaded, metrics_in

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.alerts.runbooks import rules_by_alert, sections
from observe.bootstrap.binaries import find_binary
from observe.bootstrap.config.federation import HEALTH
from observe.bootstrap.config.keep import ISTIO_CORE, PROMETHEUS, regex
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.rules import edge_rules
from observe.bootstrap.stack import Alerting, ExternalTier, Objectives, Stack


def _promtool(*arguments: str) -> None:
    done = subprocess.run(
        [find_binary("promtool"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_are_quiet(case: Path) -> None:
    _promtool("test", "rules", str(case))


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_alerts_of_other_stacks_fire_and_are_quiet(name: str, tmp_path: Path) -> None:
    stack = STACKS[name]
    for file, document in {**external_alerts(stack), **edge_alerts(stack)}.items():
        (tmp_path / file).write_text(yaml_text([document]), "utf-8")
    case = tmp_path / "case.yaml"
    case.write_text(OPTIONAL[name].read_text("utf-8"), "utf-8")
    _promtool("test", "rules", str(case))


@pytest.mark.parametrize(
    "stack",
    [
        *STACKS.values(),
        Stack(objectives=Objectives(availability=0.6, latency_ms=0.5, latency=0.9)),
        Stack(objectives=Objectives(latency_exempt=("*.push.svc.cluster.local", 'o"dd\\'))),
    ],
)
def test_rules_of_every_kind_of_stack_are_rules(stack: Stack, tmp_path: Path) -> None:
    for file, document in {**external_alerts(stack), **edge_alerts(stack)}.items():
        (tmp_path / file).write_text(yaml_text([document]), "utf-8")
    _promtool("check", "rules", *map(str, sorted(tmp_path.glob("*.yaml"))))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    firing, quiet = set(), set()
    for path in (*CASES, *OPTIONAL.values()):
        for test in loaded(path)["tests"]:
            for check in test.get("alert_rule_test", ()):
                (firing if check["exp_alerts"] else quiet).add(check["alertname"])
    assert firing == set(ALERTS)
    assert quiet == set(ALERTS) - {"ObserveWatchdog"}  # it is there to fire


def test_every_rule_of_an_alert_with_several_fires_in_some_case() -> None:
    told = {
        tuple(sorted(alert["exp_labels"].items()))
        for path in (*CASES, *OPTIONAL.values())
        for test in loaded(path)["tests"]
        for check in test.get("alert_rule_test", ())
        for alert in check["exp_alerts"]
    }
    for name, rules in ALERTS.items():
        for rule in rules:
            wanted = rule["labels"].items()
            assert any(set(wanted) <= set(labels) for labels in told), (name, rule["labels"])


def test_every_alert_says_what_where_and_where_to_read_on() -> None:
    for name, rules in ALERTS.items():
        assert name.startswith(("Istio", "Observe"))
        for rule in rules:
            assert rule["labels"]["severity"] in ("critical", "warning", "info", "none")
            assert rule["labels"]["tier"] in ("edge", "external")
            notes = rule["annotations"]
            assert notes["runbook_url"] == f"docs/runbooks.md#{name.lower()}"
            assert notes["description"].endswith(".")
            assert not notes["summary"].endswith(".")


def test_messages_link_to_the_page_that_the_stack_names() -> None:
    page = "https://git.example/observe/docs/runbooks.md"
    stack = Stack(
        alerting=Alerting(runbook_url=page), external=ExternalTier(transport="remote-write")
    )
    found = rules_by_alert({**external_alerts(stack), **edge_alerts(stack)})
    links = {
        name: {r["annotations"]["runbook_url"] for r in rules} for name, rules in found.items()
    }
    assert links == {name: {f"{page}#{name.lower()}"} for name in found}
    assert "ObserveRemoteWriteBehind" in links and "IstioLatencyBurn" in links


@pytest.mark.parametrize("page", ["", "https://git.example/a b", "page#part", "{{ $labels.x }}"])
def test_a_page_that_no_link_can_be_made_of_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="runbook_url"):
        Alerting(runbook_url=page)


def test_every_alert_has_a_section_in_the_runbooks_and_no_section_is_left_over() -> None:
    found = sections((ROOT / "docs" / "runbooks.md").read_text("utf-8"))
    assert sorted(found) == sorted(ALERTS)


def test_every_section_has_all_of_its_parts() -> None:
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
    parts = ("Means", "How bad", "Look first", "Mend", "Silence")
    for body in page.split("\n### ")[1:]:
        assert [part for part in parts if f"**{part}.**" not in body] == [], body[:40]


def test_the_runbooks_say_what_the_rules_say() -> None:
    command = [sys.executable, "scripts/make_runbooks.py", "--check"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0, "run: make docs"


@pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
def test_alerts_of_the_external_tier_read_only_what_arrives_there(stack: Stack) -> None:
    recorded = {
        rule["record"]
        for files in (edge_rules(stack), external_alerts(stack))
        for document in files.values()
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    allowed = recorded | set(HEALTH) | {"up"} | _ALERTMANAGER
    for document in external_alerts(stack).values():
        for group in document["groups"]:
            for rule in group["rules"]:
                assert metrics_in(rule["expr"], recorded) <= allowed, rule


#: Scraped by the external tier itself.
_ALERTMANAGER = {"alertmanager_notifications_total", "alertmanager_notifications_failed_total"}


@pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
def test_alerts_of_an_edge_tier_read_only_what_is_scraped_there(stack: Stack) -> None:
    kept = re.compile(regex((*ISTIO_CORE, *PROMETHEUS, "scrape_samples_post_metric_relabeling")))
    for document in edge_alerts(stack).values():
        for group in document["groups"]:
            for rule in group["rules"]:
                assert all(kept.fullmatch(name) for name in metrics_in(rule["expr"], set()))
