"""What is typed, and files that are named: mistakes are one line and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Observe

from observe.cli.options import CONFIDENCES, FAIL_ON
from observe.durations import parse_ms
from observe.recommend import base_model

COMMANDS = ("demo", "collect", "report", "explain", "export")
FOLDERS = {"demo": "demo", "collect": "snapshot", "report": "report", "export": "export"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reprot",), "No such command 'reprot'"),
        (("report", "--outptu", "x"), "No such option '--outptu'"),
        (("report", "--output"), "Option '--output' requires an argument"),
        (("report", "stray"), "Got unexpected extra argument (stray)"),
        (("explain",), "Missing argument 'TARGET'. See 'observe explain --help'"),
        (("report", "--window", "7"), "'7' is no length of time"),
        (("report", "--window", "0d"), "'0d' is no length of time"),
        (("report", "--window", "99999999999w"), "longer than ten years"),
        (("report", "--end", "0001-01-01"), "is not in the time of any Prometheus"),
        (("report", "--timeout", "nan", "--prometheus", "http://x"), "must be above 0, not nan"),
        (("report", "--fail-on", "ok"), "'ok' is not one of 'info', 'warning', 'critical'"),
        (("demo", "--port", "70000"), "70000 is not in the range"),
        (("demo", "--seed", "-1"), "-1 is not in the range"),
        (("export", "--max-change", "1", "--diff"), "give a factor above 1, such as 2"),
        (("export", "--istio-version", "latest"), "write it as 1.27"),
        (("report", "--token-file", "absent", "--prometheus", "http://x"), "absent does not exist"),
        (("report", "--ca-file", "absent", "--prometheus", "http://x"), "absent does not exist"),
        (("report", "--snapshot", "absent"), "absent is not a snapshot: manifest.json is missing"),
        (("report", "--current", "absent"), "absent does not exist"),
        (("report", "--policy", "absent"), "absent cannot be read: No such file"),
        (("export", "--recommendations", "absent"), "absent does not exist. Make it anew with"),
    ],
)
def test_a_mistake_is_one_line(observe: Observe, arguments: tuple[str, ...], said: str) -> None:
    run = observe(*arguments)
    assert run.code == 2
    assert said.lower() in run.error.lower()
    assert len(run.err.splitlines()) == 1
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timeout: [", "policy.yaml, line "),
        ("hello", "is not one mapping"),
        (
            "timeout: {headrom: 1}",
            "there is no setting timeout.headrom. Did you mean timeout.headroom",
        ),
        ("timeout: {headroom: lots}", "timeout.headroom: Input should be a valid number"),
        ("timeout: {falseTimeoutRate: 2}", "timeout.falseTimeoutRate: Input should be less than"),
        ("timeout: {minimumMs: .inf}", "timeout.minimumMs: Input should be a finite number"),
        ("timeout: {minimumMs: .nan}", "timeout.minimumMs: Input should be"),
        ("timeout: 3", "timeout: Input should be a valid dictionary"),
    ],
)
def test_a_policy_that_is_none_is_one_line(
    observe: Observe, snapshot_folder: Path, text: str, said: str
) -> None:
    Path("policy.yaml").write_text(text)
    run = observe("report", "--snapshot", snapshot_folder, "--policy", "policy.yaml")
    assert run.code == 2
    assert said in run.error


def test_a_policy_is_heeded(observe: Observe, snapshot_folder: Path) -> None:
    Path("policy.yaml").write_text("timeout:\n  minimumMs: 2500\n")
    run = observe("report", "--snapshot", snapshot_folder, "--policy", "policy.yaml")
    assert run.code == 0
    timeouts = [r for r in _advice()["recommendations"] if r["kind"] == "timeout"]
    assert min(parse_ms(r["proposed"]["timeout"]) for r in timeouts) == 2500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [", "vs.yaml, line "),
        ("a: &a [*a]", "vs.yaml"),
        ("\x00", "a character that YAML does not allow"),
    ],
)
def test_current_settings_that_are_no_yaml_are_one_line(
    observe: Observe, snapshot_folder: Path, text: str, said: str
) -> None:
    Path("vs.yaml").write_text(text)
    for command in ("report", "export"):
        run = observe(command, "--snapshot", snapshot_folder, "--current", "vs.yaml")
        assert run.code == 2
        assert said in run.error


def test_recommendations_that_are_damaged_are_one_line(
    observe: Observe, snapshot_folder: Path
) -> None:
    observe("report", "--snapshot", snapshot_folder)
    file = Path("observe-report/recommendations.json")
    whole = file.read_text()
    damages: dict[str, Callable[[str], str]] = {
        "recommendations.json, line 1": lambda text: text[:1],
        "not a recommendations file": lambda text: "{}",
        "schemaVersion is 'observe/v9'": lambda text: text.replace("observe/v1", "observe/v9"),
        "recommendations.0.severity": lambda text: text.replace('"warning"', '"doom"'),
        "is not UTF-8": lambda text: "\udcff",
    }
    for said, damage in damages.items():
        file.write_bytes(damage(whole).encode("utf-8", errors="surrogateescape"))
        run = observe("export", "--recommendations", file)
        assert run.code == 2
        assert said in run.error
    assert not Path("observe-export").exists()
    file.write_text(whole)
    twice = observe("export", "--recommendations", file, "--snapshot", snapshot_folder)
    assert "--recommendations are made already. Drop --policy and --snapshot" in twice.error


def test_a_folder_of_a_report_and_its_file_give_the_same_export(
    observe: Observe, snapshot_folder: Path
) -> None:
    observe("report", "--snapshot", snapshot_folder)
    from_folder = observe("export", "--recommendations", "observe-report", "--diff")
    from_file = observe(
        "export", "--recommendations", "observe-report/recommendations.json", "--diff"
    )
    anew = observe("export", "--snapshot", snapshot_folder, "--diff")
    assert from_folder.out == from_file.out == anew.out
    assert "kind: VirtualService" in anew.out


def test_a_target_that_does_not_exist_is_compared_with_those_that_do(
    observe: Observe, snapshot_folder: Path
) -> None:
    run = observe("explain", "chekout", "--snapshot", snapshot_folder)
    assert (run.code, run.out) == (2, "")
    assert "no target is called 'chekout'. Did you mean checkout" in run.error


def test_a_plot_is_written_and_named(observe: Observe, snapshot_folder: Path) -> None:
    run = observe("explain", "cart", "--snapshot", snapshot_folder, "--plot", "cart.png")
    assert run.code == 0
    assert run.out.splitlines()[-1] == "cart.png"
    assert Path("cart.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    lost = observe("explain", "cart", "--snapshot", snapshot_folder, "--plot", "no/where.png")
    assert lost.code == 2
    assert "no/where.png cannot be written" in lost.error


def test_a_target_is_explained_in_short_or_one_kind_in_full(
    observe: Observe, snapshot_folder: Path
) -> None:
    whole = observe("explain", "cart", "--snapshot", snapshot_folder)
    assert whole.out.splitlines()[0] == "cart (shop, cluster east)"
    assert "How the number came about" not in whole.out
    one = observe("explain", "cart", "--snapshot", snapshot_folder, "--kind", "TIMEOUT")
    assert one.out.startswith("cart (shop, cluster east): set a timeout of ")
    assert "Why not another number" in one.out
    pool = observe("explain", "cart", "--snapshot", snapshot_folder, "--kind", "connectionPool")
    assert pool.out.startswith("cart (shop, cluster east): connection pool withheld\n")
    wrong = observe("explain", "cart", "--snapshot", snapshot_folder, "--kind", "breaker")
    assert wrong.code == 2
    assert "'breaker' is not one of 'timeout', 'retry', " in wrong.error


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_fits_80_columns_and_names_variables_and_defaults(
    observe: Observe, command: str
) -> None:
    run = observe(command, "--help", COLUMNS="80")
    assert run.code == 0
    assert max(len(line) for line in run.out.splitlines()) <= 80
    shown = " ".join(run.out.split())
    if command != "explain":
        assert f"[default: observe-{FOLDERS[command]}; OBSERVE_OUTPUT]" in shown
    if command != "demo":
        assert "How far to look back. [default: 7d; OBSERVE_WINDOW]" in shown


def test_the_commands_are_listed_in_the_order_of_use_and_none_is_cut(observe: Observe) -> None:
    run = observe("--help", COLUMNS="80")
    lines = run.out.splitlines()
    listed = lines[lines.index("Commands:") + 1 :][:7]
    assert tuple(line.split()[0] for line in listed) == (
        "demo",
        "bootstrap",
        "doctor",
        *COMMANDS[1:],
    )
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_observe_alone_shows_its_help(observe: Observe) -> None:
    run = observe()
    assert run.code == 2
    assert "Commands:" in run.out + run.err


def test_the_words_of_options_are_those_of_the_model() -> None:
    assert base_model.SEVERITIES[1:] == FAIL_ON
    assert CONFIDENCES == base_model.CONFIDENCES


def _advice() -> dict[str, list[dict[str, dict[str, str]]]]:
    found: dict[str, list[dict[str, dict[str, str]]]] = json.loads(
        Path("observe-report/recommendations.json").read_text()
    )
    return found
