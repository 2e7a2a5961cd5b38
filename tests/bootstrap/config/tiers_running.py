"""Two real tiers on loopback: an exporter, the edge that scrapes it, the external server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import trustme

from observe.bootstrap.config import (
    Credentials,
    edge_config,
    external_config,
    hash_password,
    web_config,
)
from observe.bootstrap.prometheus import HOST, free_port
from observe.bootstrap.rules import edge_rules
from observe.bootstrap.stack import Stack
from observe.bootstrap.supervisor import Supervised

PASSWORD = "a password of the tests"
LABELS = (
    'reporter="source",source_workload="web",source_workload_namespace="shop",'
    'destination_service="cart.shop.svc.cluster.local",destination_workload="cart",'
    'response_code="200",response_flags="-",request_protocol="http"'
)


def quick(transport: str = "federate") -> Stack:
    """Intervals of a second, so that a test need not wait."""
    return Stack.model_validate(
        {
            "edge": {"scrapeSeconds": 1, "evaluationSeconds": 1},
            "external": {"federationSeconds": 1, "transport": transport},
        }
    )


@dataclass(frozen=True)
class Tier:
    """A running server and how a person asks it."""

    url: str
    session: requests.Session

    def ask(self, query: str) -> list[dict[str, Any]]:
        answer = self.session.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def wait_for(
        self, query: str, good: Callable[[list[dict[str, Any]]], bool] = bool
    ) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.ask(query)
            if good(found):
                return found
            time.sleep(0.2)
        raise AssertionError(f"{query} on {self.url}: {found}")


def basic(folder: Path, password: str = PASSWORD) -> Credentials:
    file = folder / f"password-{len(password)}"
    file.write_text(password)
    return Credentials("basic", password_file=str(file))


def mutual(folder: Path, authority: trustme.CA, name: str) -> Credentials:
    """Files of a certificate that this authority issued for 127.0.0.1."""
    certificate = authority.issue_cert(HOST)
    paths = [str(folder / f"{name}-{part}.pem") for part in ("ca", "cert", "key")]
    authority.cert_pem.write_to_path(paths[0])
    certificate.cert_chain_pems[0].write_to_path(paths[1])
    certificate.private_key_pem.write_to_path(paths[2])
    return Credentials("mtls", ca_file=paths[0], certificate_file=paths[1], key_file=paths[2])


def session(credentials: Credentials) -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    if credentials.auth == "basic":
        made.auth = ("observe", PASSWORD)
    else:
        made.verify = str(credentials.ca_file)
        made.cert = (str(credentials.certificate_file), str(credentials.key_file))
    return made


@contextmanager
def exporter() -> Iterator[str]:
    """A proxy whose counter grows by ten with each scrape."""
    served = iter(range(10, 10**9, 10))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(f"istio_requests_total{{{LABELS}}} {next(served)}\n".encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def prometheus(
    folder: Path,
    config: dict[str, Any],
    credentials: Credentials,
    port: int,
    flags: Sequence[str] = (),
) -> Iterator[Tier]:
    folder.mkdir()
    hashed = hash_password(PASSWORD, rounds=4) if credentials.auth == "basic" else None
    (folder / "web.yml").write_text(json.dumps(web_config(credentials, hashed)))
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--web.config.file={folder / 'web.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={HOST}:{port}",
        *flags,
    ]
    child = Supervised(command, folder / "log")
    tier = Tier(f"{credentials.scheme}://{HOST}:{port}", session(credentials))
    try:
        deadline = time.monotonic() + 60
        while True:
            assert child.running, child.last_lines(5)
            assert time.monotonic() < deadline, child.last_lines(5)
            try:
                if tier.session.get(f"{tier.url}/-/ready", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        yield tier
    finally:
        child.stop()


@contextmanager
def two_tiers(
    folder: Path, stack: Stack, edge_proof: Credentials, external_proof: Credentials
) -> Iterator[tuple[Tier, Tier]]:
    """An edge that guards itself with one proof, and an external tier that shows another."""
    edge_port, external_port = free_port(), free_port()
    rules = []
    for name, document in edge_rules(stack).items():
        rules.append(str(folder / name))
        (folder / name).write_text(json.dumps(document).replace("[5m]", "[5s]"))
    remote = stack.external.transport == "remote-write"
    with exporter() as address:
        job = {"job_name": "istio-sidecars", "static_configs": [{"targets": [address]}]}
        edge = edge_config(
            stack,
            "east",
            jobs=[job],
            rule_files=rules,
            credentials=edge_proof,
            write_url=f"{external_proof.scheme}://{HOST}:{external_port}/api/v1/write",
            own_address=f"{HOST}:{edge_port}",
        )
        external = external_config(
            stack,
            edges={"east": f"{edge_proof.scheme}://{HOST}:{edge_port}"},
            rule_files=[],
            credentials=external_proof,
            own_address=f"{HOST}:{external_port}",
        )
        receiver = ["--web.enable-remote-write-receiver"] if remote else []
        with (
            prometheus(folder / "external", external, external_proof, external_port, receiver) as b,
            prometheus(folder / "edge", edge, edge_proof, edge_port) as a,
        ):
            yield a, b
