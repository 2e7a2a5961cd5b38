"""Collecting from a real Prometheus through TLS, client certificates and proxies."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import trustme
from fault_proxy import FaultProxy
from known_week import END, WEB, Week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.settings import ConnectionSettings

pytestmark = pytest.mark.integration
HOURS = 6
NAME = "prometheus.invalid"  # no resolver knows it: only a proxy can reach it


@pytest.fixture(scope="module")
def server(prometheus_server: Callable[..., PrometheusServer]) -> PrometheusServer:
    week = Week(start=END - timedelta(hours=HOURS))
    week.add("p", np.full(len(week.times_ms), 60), labels=WEB)
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def _tls(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def _requests(url: str, **settings: object) -> float:
    """Collect and count; nothing may be missing."""
    chosen = ConnectionSettings(url, **settings)  # type: ignore[arg-type]
    with PrometheusClient(chosen) as client:
        found = collect(client, END - timedelta(hours=HOURS), END)
    assert found.manifest.missing == ()
    assert found.manifest.source.warnings == ()
    return float(found.requests["requests"].sum())


ALL = pytest.approx(60 * 60 * HOURS)


def test_a_private_authority_is_trusted_when_its_file_is_given(
    server: PrometheusServer, authority: trustme.CA, ca_file: Path
) -> None:
    with FaultProxy(server.url, prefix="/prometheus", tls=_tls(authority)) as proxy:
        assert _requests(proxy.url, ca_file=ca_file) == ALL
        with pytest.raises(SourceError, match="the CA of the certificate is unknown"):
            _requests(proxy.url)


def test_a_client_certificate_in_one_file_or_in_two(
    server: PrometheusServer, authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    mutual = _tls(authority)
    authority.configure_trust(mutual)
    mutual.verify_mode = ssl.CERT_REQUIRED
    mine = authority.issue_cert("observe@example.org")
    both, cert, key = (tmp_path / name for name in ("both.pem", "cert.pem", "key.pem"))
    mine.private_key_and_cert_chain_pem.write_to_path(both)
    mine.cert_chain_pems[0].write_to_path(cert)
    mine.private_key_pem.write_to_path(key)
    with FaultProxy(server.url, tls=mutual) as proxy:
        assert _requests(proxy.url, ca_file=ca_file, cert_file=both) == ALL
        assert _requests(proxy.url, ca_file=ca_file, cert_file=cert, key_file=key) == ALL
        with pytest.raises(SourceError, match="client certificate"):
            _requests(proxy.url, ca_file=ca_file)


def test_a_proxy_of_the_environment_is_used_beyond_loopback(
    server: PrometheusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultProxy(server.url, prefix=f"http://{NAME}") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert _requests(f"http://{NAME}") == ALL
        assert len(proxy.seen) >= 10
        asked = len(proxy.seen)
        assert _requests(server.url) == ALL  # loopback goes past the proxy
        assert len(proxy.seen) == asked


def test_https_goes_through_the_tunnel_of_a_proxy(
    server: PrometheusServer,
    authority: trustme.CA,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    tunnel: Callable[[int], tuple[str, list[str]]],
) -> None:
    with FaultProxy(server.url, tls=_tls(authority, NAME)) as behind:
        address, connected = tunnel(behind.port)
        monkeypatch.setenv("HTTPS_PROXY", address)
        assert _requests(f"https://{NAME}", ca_file=ca_file) == ALL
    assert set(connected) == {f"CONNECT {NAME}:443 HTTP/1.1"}


@pytest.fixture
def tunnel() -> Iterator[Callable[[int], tuple[str, list[str]]]]:
    """A factory of proxies that answer CONNECT; all lead to one port."""
    running: list[socketserver.ThreadingTCPServer] = []

    def start(port: int) -> tuple[str, list[str]]:
        connected: list[str] = []

        class Tunnel(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                connected.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                with socket.create_connection(("127.0.0.1", port)) as far:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=_copy, args=(far, self.connection))
                    back.start()
                    _copy(self.connection, far)
                    back.join()

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel)
        server.daemon_threads = True
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}", connected

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Everything that comes, until one side is closed."""
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
