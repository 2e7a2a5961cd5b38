"""`observe bootstrap local` with real processes."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from running import Observe, Run

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.local.files import read_json
from observe.bootstrap.local.running import find_running, stop
from observe.bootstrap.local.settings import Places
from observe.bootstrap.prometheus import free_port
from observe.cli import main
from observe.errors import InputError

pytestmark = pytest.mark.integration

QUICK = "edge: {scrapeSeconds: 1, evaluationSeconds: 1}\nexternal: {federationSeconds: 1}\n"


class Local:
    """A stack in a folder of its own, and the command that handles it."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "stack")
        ports: set[int] = set()
        while len(ports) < 3:
            ports.add(free_port())
        self.edge, self.external, self.alertmanager = ports
        self.settings = folder / "stack.yaml"
        self.settings.write_text(QUICK)

    def __call__(self, *arguments: object) -> Run:
        first = ["--stack", self.settings, "--folder", self.places.folder]
        first += ["--edge-port", self.edge, "--external-port", self.external]
        first += ["--alertmanager-port", self.alertmanager, *arguments]
        return self.run(*first)

    def run(self, *arguments: object) -> Run:
        line = ["bootstrap", "local", *map(str, arguments)]
        done = CliRunner().invoke(main, line)
        return Run(done.exit_code, done.stdout, done.stderr)

    def below(self, command: str, *arguments: object) -> Run:
        return self.run(command, "--folder", self.places.folder, *arguments)

    @property
    def password(self) -> str:
        return self.places.password.read_text()

    def get(self, port: int, path: str, password: str | None = None) -> requests.Response:
        auth = ("observe", self.password if password is None else password)
        return requests.get(f"http://127.0.0.1:{port}{path}", auth=auth, timeout=10)

    def program(self, port: int) -> int:
        """Process id of the program that listens on a port."""
        found = subprocess.run(
            ["pgrep", "-f", f"web.listen-address=127.0.0.1:{port}"], capture_output=True, text=True
        )
        pids = [int(pid) for pid in found.stdout.split()]
        return next(p for p in pids if not Path(f"/proc/{p}/comm").read_text().startswith("sh"))


@pytest.fixture
def needs_programs() -> None:
    try:
        for name in ("prometheus", "promtool", "alertmanager", "amtool"):
            find_binary(name)
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def local(tmp_path: Path, needs_programs: None, observe: Observe) -> Iterator[Local]:
    made = Local(tmp_path)
    try:
        yield made
    finally:
        stop(made.places)


def _wait(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_plan_changes_nothing(local: Local) -> None:
    run = local()
    assert run.code == 0
    assert [line.split()[:2] for line in run.out.splitlines()[1:4]] == [
        ["edge", "start"],
        ["external", "start"],
        ["alertmanager", "start"],
    ]
    assert not local.places.folder.exists()


def test_a_stack_lives_through_changes_crashes_and_ends_with_its_data_kept(local: Local) -> None:
    run = local("--apply")
    assert run.code == 0, run.err
    assert "nothing is scraped yet" in run.err
    _closed_to_strangers_and_silent_about_its_password(local, run)
    _applying_again_does_nothing(local)
    _a_program_that_crashed_is_started_again(local)
    _a_broken_rule_file_changes_nothing(local)
    _a_file_changed_by_hand_is_not_overwritten(local)
    _a_new_target_is_a_matter_of_reloading(local)
    _a_port_that_is_taken_leaves_everything_as_it_was(local)
    assert _wait(lambda: bool(_scraped_at(local)))
    _nothing_outlives_a_supervisor_that_was_killed(local)
    again = time.time()
    assert local("--apply").code == 0
    assert min(_scraped_at(local)) < again
    assert local.below("down").code == 0
    assert not any(map(_listens, (local.edge, local.external, local.alertmanager)))
    assert (local.places.data("edge") / "wal").is_dir()
    assert local.below("status").code == 3
    assert local.below("down", "--delete-data").code == 0
    assert not (local.places.folder / "data").exists()


def _scraped_at(local: Local) -> list[float]:
    """When the edge tier scraped itself, in seconds since 1970."""
    answer = local.get(local.edge, "/api/v1/query?query=prometheus_build_info[1h]").json()
    return [at for series in answer["data"]["result"] for at, _ in series["values"]]


def _closed_to_strangers_and_silent_about_its_password(local: Local, run: Run) -> None:
    for port in (local.edge, local.external, local.alertmanager):
        assert local.get(port, "/-/ready").status_code == 200
        assert local.get(port, "/metrics", "guess").status_code == 401
    assert stat.S_IMODE(local.places.password.stat().st_mode) == 0o600
    assert stat.S_IMODE(local.places.web.stat().st_mode) == 0o600
    assert stat.S_IMODE(local.places.folder.stat().st_mode) == 0o700
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    rendered = "".join(p.read_text() for p in local.places.config.rglob("*.yml"))
    assert local.password not in run.out + run.err + lines + rendered


def _applying_again_does_nothing(local: Local) -> None:
    before = local.places.state.read_bytes()
    run = local("--apply")
    assert run.code == 0
    assert "Nothing to change." in run.err
    assert local.places.state.read_bytes() == before


def _a_program_that_crashed_is_started_again(local: Local) -> None:
    os.kill(local.program(local.edge), signal.SIGKILL)

    def restarted() -> bool:
        return read_json(local.places.state)["processes"]["edge"]["restarts"] == 1

    assert _wait(restarted)
    assert _wait(lambda: local.below("status").code == 0)


def _a_broken_rule_file_changes_nothing(local: Local) -> None:
    before = {p: p.read_bytes() for p in local.places.config.rglob("*") if p.is_file()}
    Path("mine.yml").write_text("groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]\n")
    run = local("--rules", "mine.yml", "--apply")
    assert run.code == 2
    assert "mine.yml, line 1: " in run.error
    assert {p: p.read_bytes() for p in local.places.config.rglob("*") if p.is_file()} == before


def _a_file_changed_by_hand_is_not_overwritten(local: Local) -> None:
    place = local.places.config / "alertmanager.yml"
    before = place.read_text()
    place.write_text(before + "# mine\n")
    run = local("--apply")
    assert run.code == 2
    assert "alertmanager.yml was changed by hand" in run.error
    place.write_text(before)


def _a_new_target_is_a_matter_of_reloading(local: Local) -> None:
    pid = local.program(local.edge)
    target = f"istiod=127.0.0.1:{local.alertmanager}"
    assert ["edge", "reload"] in [
        line.split()[:2] for line in local("--target", target).out.splitlines()
    ]
    assert local("--target", target, "--apply").code == 0
    assert local.program(local.edge) == pid

    def scraped() -> bool:
        answer = local.get(local.edge, "/api/v1/targets").json()["data"]["activeTargets"]
        return f"http://127.0.0.1:{local.alertmanager}/metrics" in [t["scrapeUrl"] for t in answer]

    assert _wait(scraped)


def _a_port_that_is_taken_leaves_everything_as_it_was(local: Local) -> None:
    wanted = local.places.wanted.read_bytes()
    mine, local_port = socket.create_server(("127.0.0.1", 0)), local.alertmanager
    local.alertmanager = mine.getsockname()[1]
    with mine:
        run = local("--apply")
    assert run.code == 2
    assert run.error.startswith(f"port {local.alertmanager} on 127.0.0.1 is taken")
    local.alertmanager = local_port
    assert local.places.wanted.read_bytes() == wanted
    assert local.get(local.alertmanager, "/-/ready").status_code == 200


def _nothing_outlives_a_supervisor_that_was_killed(local: Local) -> None:
    running = find_running(local.places)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert _wait(lambda: not any(map(_listens, (local.edge, local.external, local.alertmanager))))
    run = local.below("status")
    assert run.code == 3
    assert [line.split()[1] for line in run.out.splitlines()[1:]] == ["down"] * 3


def test_a_process_that_does_not_start_leaves_nothing_running(
    local: Local, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("prometheus", "promtool", "amtool"):
        (folder / name).symlink_to(find_binary(name))
    fake = folder / "alertmanager"
    fake.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && { echo "alertmanager, version 0.25.0"; exit 0; }\n'
        "echo 'level=error err=\"the disk is on fire\"'; exit 1\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("OBSERVE_BIN_DIR", str(folder))
    run = local("--apply")
    assert run.code == 3
    assert run.error.startswith("the alertmanager process stopped while starting: the disk is on")
    assert find_running(local.places) is None
    assert not list(local.places.config.rglob("*.yml"))
    assert not local.places.wanted.exists()
    fake.write_text('#!/bin/sh\necho "alertmanager, version 0.21.0"\n')
    assert local("--apply").error.startswith("alertmanager 0.21.0 is too old: 0.22 or newer")


def test_a_folder_without_a_stack_has_neither_status_nor_end(observe: Observe) -> None:
    named = ["--folder", "nowhere"]
    for command in ("status", "down"):
        for line in ([command, *named], [*named, command], ["--folder", "x", command, *named]):
            run = observe("bootstrap", "local", *line)
            assert run.code == 2
            assert "nowhere holds no stack" in run.error
    assert not Path("nowhere").exists()
