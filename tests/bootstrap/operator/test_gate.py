"""The gate with a real nginx, where there is one: who is let in, and who is not."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from observe.bootstrap.config import hash_password
from observe.bootstrap.operator.gate import gate_config, gate_container, gate_volumes
from observe.bootstrap.stack import Security, Stack

PASSWORD = "correct-horse-battery"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server(BaseHTTPRequestHandler):
    """Says which credentials arrive."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.headers.get("Authorization")).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[str]:
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    behind = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port = free_port()
    (tmp_path / "htpasswd").write_text(f"observe:{hash_password(PASSWORD, 4)}\n")
    tmp_path.chmod(0o755)
    place = str(tmp_path)
    config = tmp_path / "nginx.conf"
    config.write_text(gate_config(Stack(), place, port, behind.server_port, place))
    child = subprocess.Popen([nginx, "-c", str(config), "-g", "daemon off; user root;"])
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/federate"
    finally:
        child.terminate()
        child.wait(30)
        behind.shutdown()


@pytest.mark.integration
def test_the_gate_lets_in_who_knows_the_password(gate: str) -> None:
    assert requests.get(gate, timeout=10).status_code == 401
    assert requests.get(gate, auth=("observe", "wrong"), timeout=10).status_code == 401
    answer = requests.get(gate, auth=("observe", PASSWORD), timeout=10)
    assert (answer.status_code, answer.text) == (200, "None")


@pytest.mark.parametrize("auth", ["basic", "mtls"])
def test_the_gate_mounts_what_its_configuration_names(auth: str) -> None:
    stack = Stack(security=Security(auth=auth))  # type: ignore[arg-type]
    mounts = {m["name"]: m["mountPath"] for m in gate_container(stack)["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in gate_volumes(stack, "edge")}
    assert mounts.keys() == volumes.keys()
    text = gate_config(stack)
    for item in volumes["tiers"]["secret"]["items"]:
        assert f"{mounts['tiers']}/{item['path']};" in text


def test_with_certificates_the_gate_asks_for_one() -> None:
    text = gate_config(Stack(security=Security(auth="mtls")))
    assert "listen 9091 ssl;" in text
    assert "ssl_verify_client      on;" in text
    assert "auth_basic" not in text
