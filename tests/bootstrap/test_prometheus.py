"""The local Prometheus: starts, says clearly why it did not, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests

from observe.bootstrap.prometheus import HOST, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import InputError, OutputError, SourceError

pytestmark = pytest.mark.integration

Factory = Callable[..., PrometheusServer]


@pytest.fixture(autouse=True)
def _needs_prometheus(prometheus_server: Factory) -> None:
    """Skips where there is no Prometheus."""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_it_answers_while_it_runs_and_is_gone_afterwards(tmp_path: Path) -> None:
    with PrometheusServer(tmp_path / "server") as server:
        answer = requests.get(f"{server.url}/api/v1/query", params={"query": "6*7"}, timeout=5)
        assert answer.json()["data"]["result"][1] == "42"
        assert server.running
        port = server.port
    assert not server.running
    assert not _listens(port)
    assert "See you next time!" in (tmp_path / "server/prometheus.log").read_text()


def test_it_is_stopped_when_the_body_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), PrometheusServer(tmp_path) as server:
        raise KeyboardInterrupt
    assert not _listens(server.port)


def test_its_samples_are_kept_for_the_next_start(tmp_path: Path) -> None:
    now = int(time.time())
    with PrometheusServer(tmp_path) as server:
        push(server.url, [{"__name__": "kept"}], np.array([now * 1000]), np.array([[42.0]]))
    with PrometheusServer(tmp_path) as server:
        query = {"query": "kept", "time": str(now)}
        answer = requests.get(f"{server.url}/api/v1/query", params=query, timeout=5)
        assert answer.json()["data"]["result"][0]["value"] == [now, "42"]


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1 is taken"):
            PrometheusServer(tmp_path, port=port).start()


def test_another_server_on_the_port_is_not_taken_for_ours(
    tmp_path: Path, prometheus_server: Factory
) -> None:
    other = prometheus_server()
    with pytest.raises(InputError, match="is taken"):
        PrometheusServer(tmp_path, port=other.port).start()
    assert other.running


def test_a_refused_configuration_is_quoted_in_one_line(tmp_path: Path) -> None:
    server = PrometheusServer(tmp_path, config="scrape_konfigs: []\n")
    with pytest.raises(InputError, match="field scrape_konfigs not found") as caught:
        server.start()
    assert "\n" not in str(caught.value)
    assert not server.running


def test_an_unknown_flag_points_to_an_old_version(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown long flag '--from-the-future'.*2\.33"):
        PrometheusServer(tmp_path, flags=["--from-the-future"]).start()


def test_a_program_that_is_no_prometheus_ends_in_its_last_line(tmp_path: Path) -> None:
    fake = tmp_path / "prometheus"
    fake.write_text("#!/bin/sh\necho out of cheese >&2\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(SourceError, match="out of cheese"):
        PrometheusServer(tmp_path / "server", binary=fake).start()


def test_a_server_that_never_gets_ready_is_stopped_at_the_deadline(tmp_path: Path) -> None:
    fake = tmp_path / "prometheus"
    fake.write_text("#!/bin/sh\necho thinking\nexec sleep 600\n")
    fake.chmod(0o755)
    server = PrometheusServer(tmp_path / "server", binary=fake, deadline_seconds=0.5)
    with pytest.raises(SourceError, match=r"not ready within 0\.5 s.*thinking"):
        server.start()
    assert not server.running


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        PrometheusServer(tmp_path / "file" / "server").start()


def test_ctrl_c_in_the_terminal_stops_it_in_order(tmp_path: Path) -> None:
    """The whole foreground group gets SIGINT; Prometheus must end by way of the parent."""
    program = f"""
import time
from pathlib import Path
from observe.bootstrap.prometheus import PrometheusServer
with PrometheusServer(Path("{tmp_path}/server")) as server:
    Path("{tmp_path}/port").write_text(str(server.port))
    time.sleep(600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # a test run that a shell put into the background was told to ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "port").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        port = int((tmp_path / "port").read_text())
        assert _listens(port)
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.wait(30) == -signal.SIGINT
    finally:
        parent.kill()
    assert not _listens(port)
    assert "See you next time!" in (tmp_path / "server/prometheus.log").read_text()
