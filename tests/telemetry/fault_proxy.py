"""An HTTP proxy on loopback in front of a real server, which goes wrong as a test tells it to."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came in.

    Attributes:
        path: with its query.
        query: PromQL of the request, "" when it has none.
        key: the same for every repetition of a request.
        headers: by name in lower case.
    """

    path: str
    query: str
    key: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of a good answer.

    Attributes:
        delay: seconds before anything else.
        drop: close the connection without an answer.
        cut: send the headers and this share of the body, then close.
        drip: seconds between the tenths of the body.
        status: answer this; 0 for the server's own.
        body: body of that answer.
        headers: headers of that answer.
    """

    delay: float = 0.0
    drop: bool = False
    cut: float | None = None
    drip: float = 0.0
    status: int = 0
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class FaultProxy:
    """The proxy; `decide` may be replaced while it runs.

    Args:
        upstream: address of the server.
        decide: what goes wrong with a request; None for nothing.
        prefix: path that the whole API lies under here, and not at the server.
        tls: for a proxy that speaks https.
    """

    def __init__(
        self,
        upstream: str,
        decide: Callable[[Request], Fault | None] = lambda _: None,
        prefix: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.decide = decide
        self.seen: list[Request] = []
        self.faults = 0
        self._upstream = urlsplit(upstream).netloc
        self._prefix = prefix
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}{prefix}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def judge(self, request: Request) -> Fault:
        with self._lock:
            self.seen.append(request)
            fault = self.decide(request)
            self.faults += fault is not None
        return fault or Fault()

    def fetch(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        wanted = {"content-type", "content-encoding", "x-prometheus-remote-read-version", "accept"}
        passed = {name: value for name, value in headers.items() if name in wanted}
        connection.request(method, path.removeprefix(self._prefix), body, passed)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                headers = {name.lower(): value for name, value in self.headers.items()}
                form = parse_qs(body.decode("latin-1"))
                key = f"{self.command} {self.path} {body.decode('latin-1')}"
                request = Request(self.path, form.get("query", [""])[0], key, headers)
                fault = proxy.judge(request)
                time.sleep(fault.delay)
                if fault.drop:
                    self.close_connection = True
                    return
                if fault.status:
                    self._send(fault.status, fault.headers, fault.body, Fault())
                else:
                    status, sent, content = proxy.fetch(self.command, self.path, body, headers)
                    kept = [(k, v) for k, v in sent if k.lower().startswith("content-t")]
                    self._send(status, tuple(kept), content, fault)

            do_POST = do_GET  # noqa: N815

            def _send(
                self, status: int, headers: tuple[tuple[str, str], ...], body: bytes, fault: Fault
            ) -> None:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if fault.cut is not None:
                    self.wfile.write(body[: int(len(body) * fault.cut)])
                    self.close_connection = True
                    return
                tenth = max(1, len(body) // 10) if fault.drip else max(1, len(body))
                for start in range(0, len(body), tenth):
                    self.wfile.write(body[start : start + tenth])
                    self.wfile.flush()
                    time.sleep(fault.drip)

            def log_message(self, *args: Any) -> None:
                """Nothing on stderr."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the client hung up
                    self.close_connection = True

        return Handler
