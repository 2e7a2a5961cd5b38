"""A whole stack into a Grafana: planned, applied, applied again, edited, pruned, rolled back."""

from __future__ import annotations

import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from grafana_double import TOKEN, GrafanaDouble

from observe.bootstrap.alerts import external_alerts
from observe.bootstrap.alerts.runbooks import rules_by_alert
from observe.bootstrap.stack import Stack
from observe.errors import InputError, OutputError, SourceError
from observe.grafana.provision.bundle import (
    CONTACT_UID,
    EDGE_UID,
    FEDERATED_UID,
    FOLDER_UID,
    Datasource,
    bundle,
)
from observe.grafana.provision.execute import execute, to_do
from observe.grafana.provision.model import Resource, Verb
from observe.grafana.provision.plan import make_plan
from observe.grafana.provision.rollback import read_rollback, rollback_of, undo, write_rollback
from observe.grafana.provision.rules import grafana_template, rule_groups
from observe.grafana.provision.server import GrafanaServer, GrafanaSettings

PASSWORD = "correct horse battery"
EDGE = Datasource(EDGE_UID, "Observe edge", "http://edge:9090", 15, "observe", PASSWORD)
FEDERATED = Datasource(FEDERATED_UID, "Observe federated", "http://external:9090", 60)
RULES = {
    "groups": [
        {
            "name": "observe.test burn/rate",
            "interval": "1m",
            "rules": [
                {"record": "a:b:c", "expr": "vector(1)"},
                {"alert": "Burn", "expr": "up == 0", "for": "5m", "labels": {"severity": "page"}},
                {"alert": "Burn", "expr": "up < 1", "annotations": {"summary": "{{ $value }}"}},
            ],
        }
    ]
}
WEBHOOK = {"type": "webhook", "settings": {"url": "http://127.0.0.1:9/x", "password": "s3cret"}}


def dashboard(name: str, title: str = "") -> dict[str, Any]:
    return {
        "uid": f"observe-test-{name}",
        "title": title or f"Test {name}",
        "tags": ["observe"],
        "schemaVersion": 42,
        "annotations": {"list": []},
        "panels": [{"id": 1, "type": "text", "title": "Words", "gridPos": {"h": 4, "w": 4}}],
    }


def everything(**dashboards: dict[str, Any]) -> tuple[Resource, ...]:
    chosen = dashboards or {name: dashboard(name) for name in ("one", "two")}
    return bundle([EDGE, FEDERATED], chosen, rule_files=[RULES], contact=WEBHOOK)


def apply(server: GrafanaServer, wanted: tuple[Resource, ...], *, prune: bool = False) -> int:
    """How many changes were made."""
    outcome = execute(server, to_do(server, make_plan(server, wanted), prune=prune))
    assert outcome.error is None, outcome.error
    return len(outcome.done)


def verbs(server: GrafanaServer, wanted: tuple[Resource, ...]) -> Counter[Verb]:
    return Counter(action.verb for action in make_plan(server, wanted).actions)


def test_an_empty_grafana_gets_everything_once(grafana: GrafanaServer) -> None:
    wanted = everything()
    already = grafana.folder(FOLDER_UID) is not None  # a run before may have left the folder
    assert verbs(grafana, wanted)[Verb.CREATE] == 7 - already
    assert apply(grafana, wanted) == 7 - already
    assert verbs(grafana, wanted) == {Verb.UNCHANGED: 7}
    assert apply(grafana, wanted) == 0


def test_a_plan_changes_nothing(grafana: GrafanaServer, double: GrafanaDouble) -> None:
    double.calls.clear()
    make_plan(GrafanaServer(GrafanaSettings(double.url, TOKEN)), everything())
    assert double.writes == []


def test_the_password_is_sent_and_stays_when_other_settings_change(
    double: GrafanaDouble, grafana: GrafanaServer
) -> None:
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    apply(server, everything())
    assert double.secrets[EDGE_UID] == {"basicAuthPassword": PASSWORD}
    moved = Datasource(EDGE_UID, "Observe edge", "http://other:9090", 15, "observe")
    apply(server, bundle([moved], {}))
    assert double.datasources[EDGE_UID]["url"] == "http://other:9090"
    assert double.secrets[EDGE_UID] == {"basicAuthPassword": PASSWORD}


def test_a_panel_edited_by_hand_is_named_and_put_back(grafana: GrafanaServer) -> None:
    wanted = everything()
    apply(grafana, wanted)
    found = grafana.dashboard("observe-test-one")
    assert found is not None
    edited = found["dashboard"]
    edited["panels"][0]["title"] = "Mine"
    folder = grafana.folder(FOLDER_UID)
    assert folder is not None
    grafana.save_dashboard(edited, folder, "")
    [update] = make_plan(grafana, wanted).of(Verb.UPDATE)
    assert (update.uid, update.why) == ("observe-test-one", "panels[0].title differs")
    assert apply(grafana, wanted) == 1
    assert verbs(grafana, wanted) == {Verb.UNCHANGED: 7}


def test_a_dashboard_that_the_server_itself_rewrote_is_unchanged(double: GrafanaDouble) -> None:
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    wanted = everything()
    apply(server, wanted)
    double.dashboards["observe-test-one"][-1]["data"]["schemaVersion"] = 43
    assert verbs(server, wanted) == {Verb.UNCHANGED: 7}


def test_only_what_is_ours_is_pruned_and_only_on_request(grafana: GrafanaServer) -> None:
    apply(grafana, everything())
    folder = grafana.folder(FOLDER_UID)
    assert folder is not None
    foreign = {**dashboard("x"), "uid": "theirs-test", "tags": []}
    grafana.save_dashboard(foreign, folder, "")
    fewer = bundle([FEDERATED], {"one": dashboard("one")})
    assert {a.uid for a in make_plan(grafana, fewer).of(Verb.PRUNE)} == {
        *(EDGE_UID, CONTACT_UID, "observe-test-two", "observe.test burn/rate")
    }
    assert apply(grafana, fewer) == 0
    assert apply(grafana, fewer, prune=True) == 4
    assert grafana.dashboard("observe-test-two") is None
    assert grafana.dashboard("theirs-test") is not None
    grafana.delete_dashboard("theirs-test")


def test_what_was_not_made_by_us_is_a_conflict(double: GrafanaDouble) -> None:
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    server.create_folder(FOLDER_UID, "Mine")
    theirs = {**dashboard("one"), "tags": ["theirs"]}
    server.save_dashboard(theirs, {"uid": FOLDER_UID}, "")
    server.create_datasource(
        {"uid": "abc", "name": "Observe edge", "type": "prometheus", "access": "proxy"}
    )
    plan = make_plan(server, everything())
    assert {a.uid: a.why for a in plan.of(Verb.CONFLICT)} == {
        "observe-test-one": "it exists and was not made by observe: rename or remove it",
        EDGE_UID: "abc has this name: rename it",
    }
    assert double.folders[FOLDER_UID]["title"] == "Mine"


def test_rollback_puts_back_what_was_there(grafana: GrafanaServer, tmp_path: Path) -> None:
    apply(grafana, bundle([EDGE], {"one": dashboard("one", "Before")}))
    actions = to_do(grafana, make_plan(grafana, everything()), prune=False)
    write_rollback(tmp_path / "back.json", rollback_of(grafana, actions))
    assert execute(grafana, actions).error is None
    undone = undo(grafana, read_rollback(tmp_path / "back.json"))
    assert [u.problem for u in undone] == [""] * len(actions)
    found = grafana.dashboard("observe-test-one")
    assert found is not None
    assert found["dashboard"]["title"] == "Before"
    assert grafana.dashboard("observe-test-two") is None
    assert [d["uid"] for d in grafana.datasources() if d["uid"].startswith("observe-")] == [
        EDGE_UID
    ]


def test_rollback_leaves_alone_what_was_edited_since(
    grafana: GrafanaServer, tmp_path: Path
) -> None:
    actions = to_do(grafana, make_plan(grafana, everything()), prune=False)
    back = rollback_of(grafana, actions)
    execute(grafana, actions)
    found = grafana.dashboard("observe-test-one")
    folder = grafana.folder(FOLDER_UID)
    assert found is not None
    assert folder is not None
    grafana.save_dashboard({**found["dashboard"], "title": "Edited"}, folder, "")
    problems = {u.step.uid: u.problem for u in undo(grafana, back) if u.problem}
    assert problems == {"observe-test-one": "it was changed since: left as it is"}
    assert grafana.dashboard("observe-test-two") is None


def test_the_rollback_file_is_for_its_owner_and_holds_no_secret(
    grafana: GrafanaServer, tmp_path: Path
) -> None:
    path = tmp_path / "back.json"
    actions = to_do(grafana, make_plan(grafana, everything()), prune=False)
    write_rollback(path, rollback_of(grafana, actions))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text()
    assert "s3cret" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["back.json"]
    with pytest.raises(OutputError, match="exists already"):
        write_rollback(path, rollback_of(grafana, actions))


def test_a_rollback_file_of_another_grafana_is_refused(
    grafana: GrafanaServer, tmp_path: Path
) -> None:
    path = tmp_path / "back.json"
    path.write_text(json.dumps({"grafana": "http://elsewhere", "steps": []}))
    with pytest.raises(InputError, match="elsewhere"):
        undo(grafana, read_rollback(path))
    path.write_text("{}")
    with pytest.raises(InputError, match="not a rollback file"):
        read_rollback(path)


def test_it_stops_at_the_first_refusal_and_goes_on_from_there(double: GrafanaDouble) -> None:
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    wanted = everything()
    seen = 0

    def full(method: str, path: str) -> tuple[int, Any] | None:
        nonlocal seen
        seen += (method, path) == ("POST", "/api/dashboards/db")
        return (507, {"message": "disk full"}) if seen == 2 and method == "POST" else None

    double.fault = full
    outcome = execute(server, to_do(server, make_plan(server, wanted), prune=False))
    assert [a.uid for a in outcome.done] == [
        *(FOLDER_UID, EDGE_UID, FEDERATED_UID, "observe-test-one")
    ]
    assert outcome.failed is not None
    assert outcome.failed.uid == "observe-test-two"
    assert "disk full" in str(outcome.error)
    double.fault = lambda method, path: None
    assert apply(server, wanted) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refuses the token"),
        (403, "may not list data sources"),
        (409, "changed in the meantime"),
        (412, "changed in the meantime"),
        (429, "pause"),
        (500, "failed to list data sources"),
        (503, "HTTP 503: over capacity"),
    ],
)
def test_each_refusal_is_one_line_that_says_what_to_do(
    double: GrafanaDouble, status: int, words: str
) -> None:
    double.fault = lambda method, path: (
        (status, {"message": "over\ncapacity"}) if path.endswith("datasources") else None
    )
    with pytest.raises(SourceError, match=words) as caught:
        make_plan(GrafanaServer(GrafanaSettings(double.url, TOKEN)), everything())
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_and_not_followed(double: GrafanaDouble, status: int) -> None:
    double.fault = lambda method, path: (status, {"location": "https://other.example/login?x=1"})
    with pytest.raises(SourceError, match=r"callers to https://other\.example ") as caught:
        GrafanaServer(GrafanaSettings(double.url, TOKEN)).create_folder("observe", "Observe")
    assert double.calls == [("POST", "/api/folders")]
    assert caught.value.hint


def test_rules_in_another_organisation_are_unchanged_the_second_time(
    grafana: GrafanaServer, double: GrafanaDouble
) -> None:
    apply(grafana, everything())
    for group in double.groups.values():
        for rule in group["rules"]:
            assert rule["orgID"] == 1
            rule["orgID"] = 7
    assert verbs(grafana, everything()) == Counter({Verb.UNCHANGED: 7})


@pytest.mark.parametrize(
    ("interval", "seconds"), [("1m", 60), ("15s", 20), ("5s", 10), ("1m30s", 90)]
)
def test_the_interval_of_a_group_is_a_multiple_of_ten_seconds(interval: str, seconds: int) -> None:
    rules = [{"alert": "A", "expr": "up", "for": "90s"}]
    groups = [{"name": "g", "interval": interval, "rules": rules}]
    (group,) = rule_groups([{"groups": groups}], "observe", EDGE_UID)
    assert group.body["interval"] == seconds


@pytest.mark.parametrize(
    ("held", "written"),
    [("90s", "1m30s"), ("60m", "1h"), ("24h", "1d"), ("0m", "0s"), ("2h", "2h"), ("1w", "7d")],
)
def test_a_duration_is_sent_as_grafana_writes_it(held: str, written: str) -> None:
    rules = [{"alert": "A", "expr": "up", "for": held}]
    (group,) = rule_groups([{"groups": [{"name": "g", "rules": rules}]}], "observe", EDGE_UID)
    assert group.body["rules"][0]["for"] == written


def test_a_wrong_token_is_named_without_showing_it(double: GrafanaDouble) -> None:
    with pytest.raises(SourceError, match="refuses the token") as caught:
        make_plan(GrafanaServer(GrafanaSettings(double.url, "glsa_wrong")), everything())
    assert "glsa" not in str(caught.value)
    assert "glsa" not in repr(GrafanaSettings(double.url, "glsa_wrong"))


def test_alerts_that_this_grafana_cannot_have_are_refused_before_anything_is_done(
    double: GrafanaDouble,
) -> None:
    double.version = "8.5.0"
    double.fault = lambda method, path: (404, {"message": "Not found"}) if "/v1/" in path else None
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    with pytest.raises(SourceError, match=r"9\.1 or newer"):
        make_plan(server, everything())
    assert apply(server, bundle([EDGE], {"one": dashboard("one")})) == 3
    assert double.groups == {}


def test_a_grafana_without_addresses_by_uid_is_asked_by_number(double: GrafanaDouble) -> None:
    server = GrafanaServer(GrafanaSettings(double.url, TOKEN))
    apply(server, bundle([EDGE, FEDERATED], {}))
    asked = []

    def old(method: str, path: str) -> tuple[int, Any] | None:
        if path.startswith("/api/datasources/uid/") or "/v1/" in path:
            return 404, {"message": "Not found"}
        if path == "/api/datasources/1":
            asked.append(method)
            return 200, {"message": "done"}
        return None

    double.fault = old
    moved = Datasource(EDGE_UID, "Observe edge", "http://other:9090", 15, "observe", PASSWORD)
    assert apply(server, bundle([moved, FEDERATED], {})) == 1
    assert apply(server, bundle([FEDERATED], {}), prune=True) == 1
    assert asked == ["PUT", "DELETE"]


def test_nobody_there_and_no_grafana_there(unused_port: int, double: GrafanaDouble) -> None:
    nobody = GrafanaServer(GrafanaSettings(f"http://127.0.0.1:{unused_port}", TOKEN))
    with pytest.raises(SourceError, match="cannot be reached"):
        make_plan(nobody, everything())
    double.fault = lambda method, path: (200, ["not", "what", "was", "expected"])
    with pytest.raises(SourceError, match="not a Grafana"):
        make_plan(GrafanaServer(GrafanaSettings(double.url, TOKEN)), everything())


@pytest.mark.parametrize(
    "url", ["grafana.example", "ftp://x", "http://", "http://u:p@h/", "http://h:99999/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        GrafanaServer(GrafanaSettings(url))
    assert "u:p" not in str(caught.value)


def test_a_burn_alert_asks_no_server_from_within_a_template_of_grafana() -> None:
    (rule,) = [
        rule
        for rule in rules_by_alert(external_alerts(Stack()))["IstioAvailabilityBurn"]
        if rule["labels"]["window"] == "3d"
    ]
    assert "| query }}" in rule["annotations"]["description"]
    assert grafana_template(rule["annotations"]["description"]) == (
        "{{ $values.A.Value | humanizePercentage }} of the requests of the last 3 days failed; the "
        "objective allows 0.1 %. This alert begins at 0.1 % over 3d, while it still goes on over "
        "6h: at that pace the allowance of 30 days would be gone in 30 days or less."
    )
