"""Label values are written by strangers: none may reach a terminal, a page or YAML as more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from running import Observe

from observe.telemetry.snapshot import Snapshot, save

HOSTILE = {
    "cart": "quo\"te's\\",
    "email": "line\nbreak\r\tand tab",
    "search": "<script>alert(1)</script>",
    "reviews": "x" * 2000,
    "ads": "\x1b[31m\x1b]0;owned\x07\u202eright to left",
    "catalog": "[bold red]markup[/] | `code` $(reboot)",
}


@pytest.fixture
def folder(demo_snapshot: Snapshot, tmp_path: Path) -> Path:
    """The demo's day, with services that bear these names."""
    hosts = {f"{name}.shop.svc.cluster.local": new for name, new in HOSTILE.items()}
    edges = demo_snapshot.edges.copy()
    renamed = edges["destination_service"].astype(object).replace(hosts)
    assert set(HOSTILE.values()) <= set(renamed)
    edges["destination_service"] = renamed.astype(edges["destination_service"].dtype)
    save(replace(demo_snapshot, edges=edges), tmp_path / "hostile")
    return tmp_path / "hostile"


def _harmless(text: str) -> None:
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "x" * 200 not in text


def test_the_report_holds_hostile_names_as_text_only(
    observe: Observe, folder: Path, tmp_path: Path
) -> None:
    run = observe("report", "--snapshot", folder)
    assert run.code == 0, run.err
    _harmless(run.out + run.err)
    assert "[bold red]markup[/]" in run.out
    rows = [line for line in run.out.splitlines()[1:-2] if not line.startswith("... and ")]
    assert len(rows) == 20
    assert all(line.split()[-1].isupper() for line in rows)
    html = (tmp_path / "observe-report/report.html").read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    _harmless(html)
    markdown = (tmp_path / "observe-report/report.md").read_text()
    assert "<script>alert" not in markdown.replace("`<script>alert", "")
    _harmless(markdown)


def test_the_json_keeps_the_names_as_they_are(
    observe: Observe, folder: Path, tmp_path: Path
) -> None:
    observe("report", "--snapshot", folder)
    text = (tmp_path / "observe-report/recommendations.json").read_text()
    advice = json.loads(text)
    named = {r["target"]["service"] for r in advice["recommendations"] + advice["withheld"]}
    assert set(HOSTILE.values()) <= named
    assert "\x1b" not in text


def test_names_that_no_host_can_have_are_not_exported(observe: Observe, folder: Path) -> None:
    run = observe("export", "--snapshot", folder, "--diff")
    assert run.code == 0, run.err
    _harmless(run.out + run.err)
    assert "host: checkout.shop.svc.cluster.local" in run.out
    for name in HOSTILE.values():
        assert name not in run.out
    assert run.err.count("refused:") >= 1
    assert observe("export", "--snapshot", folder, "--output", "yaml").code == 0
    written = "".join(p.read_text() for p in Path("yaml/manifests").rglob("*") if p.is_file())
    assert "script" not in written


@pytest.mark.parametrize("name", ["ads", "catalog", "email", "reviews", "search"])
def test_a_hostile_target_is_explained_harmlessly(
    observe: Observe, folder: Path, name: str
) -> None:
    run = observe("explain", HOSTILE[name], "--snapshot", folder)
    assert run.code == 0, run.err
    assert "(shop, cluster east)" in " ".join(run.out.split())
    _harmless(run.out + run.err)


def test_a_hostile_name_that_is_not_there_is_harmless_too(observe: Observe, folder: Path) -> None:
    run = observe("explain", "\x1b[31mred[/bold]", "--snapshot", folder)
    assert run.code == 2
    assert "no target is called '\ufffd[31mred[/bold]'" in run.error


def test_options_and_paths_are_shown_harmlessly(observe: Observe) -> None:
    for arguments in (
        ("report", "--\x1b[31m"),
        ("report", "--snapshot", "\x1b[31m[/bold]"),
        ("report", "--window", "\x1b[31m"),
        ("\x1b[31m",),
    ):
        run = observe(*arguments)
        assert run.code == 2
        assert "\x1b" not in run.err
        assert run.error


def test_a_locale_without_such_characters_gets_question_marks(folder: Path, tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    plain = {
        k: v for k, v in os.environ.items() if not k.startswith(("LC_", "COLUMNS"))
    } | ascii_only
    for arguments in (("report",), ("explain", "checkout", "--kind", "timeout")):
        command = [sys.executable, "-m", "observe", *arguments, "--snapshot", str(folder)]
        run = subprocess.run(
            command, capture_output=True, env=plain | ascii_only, cwd=tmp_path, check=False
        )
        assert run.returncode == 0, run.stderr
        text = run.stdout.decode("ascii")
        assert "checkout" in text
        assert "?" in text
    html = (tmp_path / "observe-report/report.html").read_bytes().decode("utf-8")
    assert "\ufffd" in html
