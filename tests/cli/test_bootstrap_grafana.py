"""`observe bootstrap grafana` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from grafana_contract import Contract
from grafana_double import TOKEN, GrafanaDouble
from reference import reference

from observe.cli import main
from observe.export.yaml_io import load_documents
from observe.grafana.files import dashboards_json

PASSWORD = "correct horse battery"


@pytest.fixture
def double() -> Iterator[GrafanaDouble]:
    with GrafanaDouble(Contract(reference("grafana", "grafana-http-api-2026-07.json"))) as server:
        yield server


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")

    def command(*arguments: str, token: str = TOKEN) -> Result:
        words = ["bootstrap", "grafana", "--tiers-password-file", "password", *arguments]
        return CliRunner().invoke(main, words, env={"OBSERVE_GRAFANA_TOKEN": token})

    return command


def urls(double: GrafanaDouble) -> list[str]:
    return [
        *("--grafana-url", double.url, "--edge-url", "http://edge:9090"),
        *("--federated-url", "http://external:9090"),
    ]


def test_without_apply_the_plan_is_shown_and_nothing_changes(double, run) -> None:
    done = run(*urls(double))
    assert done.exit_code == 0, done.output
    assert f"{3 + len(dashboards_json())} to create, 0 to update, 0 unchanged" in done.stderr
    assert "create" in done.stdout
    assert "observe-mesh" in done.stdout
    assert double.writes == []


def test_apply_twice_changes_once_and_the_way_back_leads_back(double, run, tmp_path) -> None:
    done = run(*urls(double), "--apply", "--yes")
    assert done.exit_code == 0, done.output
    assert len(double.dashboards) == len(dashboards_json())
    assert double.secrets["observe-edge"] == {"basicAuthPassword": PASSWORD}
    assert double.datasources["observe-federated"]["jsonData"]["timeInterval"] == "60s"
    double.calls.clear()
    again = run(*urls(double), "--apply", "--yes")
    assert "0 to create, 0 to update" in again.stderr
    assert double.writes == []
    [back] = tmp_path.glob("observe-grafana-*.json")
    assert PASSWORD not in back.read_text()
    shown = run("--grafana-url", double.url, "--rollback", str(back))
    assert "nothing was changed" in shown.stderr
    assert double.writes == []
    undone = run("--grafana-url", double.url, "--rollback", str(back), "--apply", "--yes")
    assert undone.exit_code == 0, undone.output
    assert (double.dashboards, double.datasources, double.folders) == ({}, {}, {})


def test_without_a_terminal_and_without_yes_nothing_changes(double, run) -> None:
    done = run(*urls(double), "--apply")
    assert done.exit_code == 2
    assert "Add --yes" in done.stderr
    assert double.writes == []


def test_alerts_come_with_the_contact_point_on_request(double, run, tmp_path) -> None:
    (tmp_path / "contact.yaml").write_text("type: webhook\nsettings: {url: http://x, token: t0p}\n")
    done = run(*(*urls(double), "--alerts", "--contact-point", "contact.yaml", "--apply", "--yes"))
    assert done.exit_code == 0, done.output
    assert "t0p" not in done.output
    rules = [rule for group in double.groups.values() for rule in group["rules"]]
    assert len(rules) >= 20
    assert {rule["data"][0]["datasourceUid"] for rule in rules} == {"observe-federated"}
    assert len({rule["uid"] for rule in rules}) == len(rules)


def test_something_of_somebody_else_stops_it_before_the_first_change(double, run) -> None:
    double.folders["observe"] = {"uid": "observe", "id": 1, "title": "Observe"}
    uid = next(iter(dashboards_json().values()))["uid"]
    double.dashboards[uid] = [{"version": 1, "message": "", "data": {"uid": uid, "title": "T"}}]
    double.home[uid] = "observe"
    done = run(*urls(double), "--apply", "--yes")
    assert done.exit_code == 2
    assert "nothing was changed: dashboard" in done.stderr
    assert double.writes == []


def test_a_wrong_token_is_exit_code_3_and_is_not_shown(double, run) -> None:
    done = run(*urls(double), token="glsa_wrong")
    assert done.exit_code == 3
    assert "refuses the token" in done.stderr
    assert "glsa_wrong" not in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no Grafana was named"),
        (["--grafana-url", "grafana.example"], "address"),
        (["--render", "api", "--grafana-url", "http://x"], "give one of them"),
        (["--render", "api"], "no data source was named"),
        (["--grafana-url", "http://x", "--prune"], "add --apply"),
        (["--rollback", "nothing.json", "--grafana-url", "http://x"], "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_line(run, arguments: list[str], words: str) -> None:
    extra = ["--edge-url", "http://e"] if "--grafana-url" in arguments else []
    done = run(*arguments, *extra)
    assert done.exit_code == 2, done.output
    assert words.lower() in done.stderr.lower()
    assert len(done.stderr.strip().splitlines()) <= 2


@pytest.mark.parametrize("form", ["provisioning", "sidecar", "operator", "api"])
def test_each_form_is_written_once_and_holds_no_secret(run, tmp_path: Path, form: str) -> None:
    arguments = ("--render", form, "--edge-url", "http://e", "--federated-url", "http://f")
    done = run(*arguments, "--output", "out")
    assert done.exit_code == 0, done.output
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) > len(dashboards_json())
    for path in files:
        text = path.read_text()
        assert PASSWORD not in text
        if path.suffix == ".yaml":
            load_documents(text, path.name)
    assert "no change" in run(*arguments, "--output", "out").stderr
