"""Running commands: inside this process for most tests, through the entry point for some."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from running import Observe, Run
from scripted_api import Api, Asked, Reply

from observe.cli import main
from observe.demo import demo_mesh, snapshot_from_truth
from observe.telemetry.snapshot import Snapshot, save

#: Enough for every test, and few enough to draw quickly.
SERVICES = ("cart", "checkout", "ledger", "payment", "recommendations")
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.fixture
def observe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Observe:
    """Run a command in an empty folder: `observe("report", "--snapshot", folder)`."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if (name.startswith("OBSERVE_") and name != "OBSERVE_BIN_DIR") or name == "COLUMNS":
            monkeypatch.delenv(name)

    def run(*arguments: object, **variables: str) -> Run:
        done = CliRunner().invoke(main, [str(a) for a in arguments], env=variables)
        assert isinstance(done.exception, SystemExit | None), done.exception
        return Run(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def demo_snapshot() -> Snapshot:
    """A day of the demo's mesh."""
    return snapshot_from_truth(demo_mesh(), 1, MONDAY, days=1)


@pytest.fixture(scope="session")
def snapshot_folder(tmp_path_factory: pytest.TempPathFactory, demo_snapshot: Snapshot) -> Path:
    """That day of a few services as a folder."""
    hosts = [f"{name}.shop.svc.cluster.local" for name in SERVICES]
    edges = demo_snapshot.edges[demo_snapshot.edges["destination_service"].isin(hosts)]
    frames = {"edges": edges}
    for name in ("requests", "latency", "latency_sum", "messages", "coverage"):
        frame = getattr(demo_snapshot, name)
        frames[name] = frame[frame["edge"].isin(edges["edge"])]
    folder = tmp_path_factory.mktemp("day") / "snapshot"
    save(replace(demo_snapshot, **frames), folder)
    return folder


@pytest.fixture
def api() -> Iterator[Callable[..., Api]]:
    """A factory of servers: `api(answer, tls=None)`."""
    running: list[Api] = []

    def start(answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> Api:
        running.append(Api(answer, tls))
        return running[-1]

    yield start
    for server in running:
        server.stop()
