"""Where options come from: command line, variables, settings file, defaults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from running import Observe
from scripted_api import Api, Asked, failure


def _settings(text: str, name: str = "observe.yaml") -> None:
    Path(name).write_text(text, encoding="utf-8")


def _denied(asked: Asked) -> object:
    return failure(403, "", "no")


def test_a_settings_file_serves_all_commands_and_each_its_own(
    observe: Observe, snapshot_folder: Path
) -> None:
    _settings(
        f"snapshot: {snapshot_folder}\nreport:\n  output: weekly\nexport: {{cluster: west}}\n"
    )
    assert observe("report").code == 0
    assert Path("weekly/report.html").exists()
    run = observe("export", "--diff")
    assert run.code == 0
    assert "ledger.shop.svc.cluster.local" in run.out  # of cluster west
    assert "checkout.shop" not in run.out  # of cluster east


def test_the_command_line_wins_over_a_variable_and_that_over_the_file(
    observe: Observe, snapshot_folder: Path
) -> None:
    _settings("output: from-file\n")
    arguments = ("export", "--snapshot", snapshot_folder)
    assert observe(*arguments).out == "from-file\n"
    assert observe(*arguments, OBSERVE_OUTPUT="from-variable").out == "from-variable\n"
    line = observe(*arguments, "--output", "from-line", OBSERVE_OUTPUT="from-variable")
    assert line.out == "from-line\n"


def test_options_before_the_command_come_from_the_file_and_from_variables_too(
    observe: Observe, snapshot_folder: Path
) -> None:
    arguments = ("export", "--snapshot", snapshot_folder)
    assert observe(*arguments, OBSERVE_QUIET="1").err == ""
    _settings("quiet: true\n")
    assert observe(*arguments).err == ""
    Path("observe.yaml").rename("mine.yaml")
    assert observe(*arguments).err != ""
    assert observe(*arguments, OBSERVE_CONFIG="mine.yaml").err == ""


def test_an_environment_that_names_a_prometheus_does_not_forbid_a_snapshot(
    observe: Observe, snapshot_folder: Path
) -> None:
    variables = {"OBSERVE_PROMETHEUS": "http://nowhere.invalid"}
    assert observe("explain", "checkout", "--snapshot", snapshot_folder, **variables).code == 0
    both = observe("explain", "checkout", "--snapshot", snapshot_folder, "--prometheus", "http://x")
    assert (both.code, both.error) == (2, "give --prometheus or --snapshot, not both")


def test_repeatable_options_and_headers_of_the_file_and_of_variables(
    observe: Observe, api: Callable[..., Api]
) -> None:
    server = api(_denied)
    _settings(f"prometheus: {server.url}\nheader:\n  X-Scope: a b\n  X-More: c\n")
    assert observe("collect").code == 3
    assert server.asked[-1].headers["x-scope"] == "a b"
    assert server.asked[-1].headers["x-more"] == "c"
    assert observe("collect", OBSERVE_HEADER="X-One: d e\nX-Two: f").code == 3
    assert server.asked[-1].headers["x-one"] == "d e"
    assert server.asked[-1].headers["x-two"] == "f"
    _settings("current: absent\n")
    run = observe("report")
    assert "absent does not exist" in run.error  # one path, and not one a letter


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("report: [", "observe.yaml, line "),
        ("- a\n- b\n", "observe.yaml is not one mapping"),
        ("\x00\x01", "observe.yaml, line 1: a character that YAML does not allow"),
        ("window: 7d\nwindow: 8d\n", "observe.yaml, line 2"),
        (
            "windwo: 7d\n",
            "observe.yaml: windwo: there is no such option. Did you mean window or kind?",
        ),
        ("zzz: 1\n", "zzz: there is no such option. Options are named as on the command line"),
        ("report: {cluster: east}\n", "observe.yaml: report.cluster: there is no such option"),
        ("report: weekly\n", "observe.yaml: report is a command and holds no mapping"),
        ("window: [7d, 8d]\n", "observe.yaml: window: takes one value"),
        ("token: {a: b}\n", "observe.yaml: token: takes one value"),
        ("window: soon\n", "'soon' is no length of time; write it like 12h, 7d or 2w (from the "),
        ("timeout: fast\n", "'fast' is not a valid float"),
        ("header: nonsense\n", "a header is written NAME:VALUE"),
        ("&a [*a]: 1", "observe.yaml"),
    ],
)
def test_a_settings_file_that_is_wrong_is_one_line(observe: Observe, text: str, said: str) -> None:
    _settings(text)
    run = observe("report", "--prometheus", "http://nowhere.invalid")
    assert run.code == 2
    assert said in run.error


def test_a_settings_file_that_is_named_must_be_there(observe: Observe) -> None:
    run = observe("--config", "absent.yaml", "report")
    assert run.code == 2
    assert "absent.yaml cannot be read: No such file" in run.error


def test_a_settings_file_in_another_encoding_is_told(observe: Observe) -> None:
    Path("observe.yaml").write_bytes(b"tenant: caf\xe9\n")
    assert "byte 11 is not UTF-8" in observe("report").error


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OBSERVE_WINDOW": "soon"}, "'soon' is no length of time; write it like 12h, 7d or 2w"),
        ({"OBSERVE_WINDOW": "soon"}, "OBSERVE_WINDOW"),
        ({"OBSERVE_TIMEOUT": "-1"}, "OBSERVE_TIMEOUT"),
        ({"OBSERVE_FAIL_ON": "doom"}, "OBSERVE_FAIL_ON"),
        ({"OBSERVE_END": "yesterday"}, "write it like 2026-01-31T06:00Z"),
        ({"OBSERVE_TOKEN": "a", "OBSERVE_USERNAME": "b"}, "a token and a user name are given"),
    ],
)
def test_a_variable_that_is_wrong_is_named(
    observe: Observe, variables: dict[str, str], said: str
) -> None:
    run = observe("report", "--prometheus", "http://nowhere.invalid", **variables)
    assert run.code == 2
    assert said in run.error


def test_a_command_below_a_group_has_its_own_mapping_and_what_stands_above_it(
    observe: Observe,
) -> None:
    _settings("retention: soon\nbootstrap:\n  local: {edge-port: 1}\n")
    run = observe("bootstrap", "local")
    assert run.code == 2
    assert "--retention 'soon' is no length of time" in run.error
    _settings("edge-port: 7\nbootstrap:\n  edge-port: 8\n  local: {external-port: 8}\n")
    assert "two processes cannot share a port" in observe("bootstrap", "local").error
    _settings("bootstrap: {local: {edge-prot: 1}}\n")
    said = observe("bootstrap", "local").error
    assert "observe.yaml: bootstrap.local.edge-prot: there is no such option" in said
    _settings("bootstrap: {local: 7}\n")
    said = observe("bootstrap", "local").error
    assert "bootstrap.local is a command and holds no mapping" in said


def test_a_password_comes_from_a_file_and_from_one_place_only(
    observe: Observe, api: Callable[..., Api]
) -> None:
    server = api(_denied)
    Path("secret").write_text("correct horse\n")
    line = ("collect", "--prometheus", server.url, "--username", "me", "--password-file", "secret")
    assert observe(*line).code == 3
    assert server.asked[-1].headers["authorization"] == "Basic bWU6Y29ycmVjdCBob3JzZQ=="
    both = observe(*line, "--password", "x")
    assert (both.code, both.error.split(". ")[0]) == (
        2,
        "--password and --password-file are both given",
    )
    Path("secret").write_text("\n")
    assert observe(*line).error == "the password file secret is empty"
