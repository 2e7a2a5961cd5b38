"""A small HTTP server on loopback that answers what a test tells it to."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def params(self) -> dict[str, str]:
        return self.query | self.form


@dataclass(frozen=True)
class Reply:
    """What the server says; `length` may lie, `pieces` are sent one by one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    hang: bool = False
    trickle: bool = False


def success(data: Any, **more: Any) -> Reply:
    return Reply(body=json.dumps({"status": "success", "data": data, **more}).encode())


def failure(status: int, kind: str, message: str, **headers: str) -> Reply:
    body = json.dumps({"status": "error", "errorType": kind, "error": message}).encode()
    return Reply(status, body, headers)


def vector(value: str = "1") -> Reply:
    return success({"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]})


def matrix(*series: tuple[dict[str, str], list[tuple[float, str]]], **more: Any) -> Reply:
    result = [{"metric": labels, "values": values} for labels, values in series]
    return success({"resultType": "matrix", "result": result}, **more)


def at_moments(
    asked: Asked, *series: tuple[dict[str, str], list[tuple[float, str]]], **more: Any
) -> Reply:
    """What a question about several moments finds, in each the last sample that is not later."""
    now = float(asked.params.get("time", "1e10"))
    found = []
    for term in asked.params["query"].split(" or label_replace("):
        offset = re.search(r"offset (\d+)s", term)
        moment = now - float(offset.group(1) if offset else 0)
        number = re.findall(r'"observed_at", "(\d+)"', term)
        own = {"observed_at": number[-1]} if number else {}
        for labels, samples in series:
            before = [value for at, value in samples if at <= moment]
            if before and number:
                found.append({"metric": labels | own, "value": [now, before[-1]]})
    return success({"resultType": "vector", "result": found}, **more)


class Api:
    """The server; `answer` may be replaced while it runs."""

    def __init__(self, answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
        return self.answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("Content-Length") or 0)
                form = parse_qs(
                    self.rfile.read(size).decode(errors="replace"), keep_blank_values=True
                )
                query = parse_qs(parts.query, keep_blank_values=True)
                asked = Asked(
                    self.command,
                    parts.path,
                    {k: v[0] for k, v in query.items()},
                    {k: v[0] for k, v in form.items()},
                    {k.lower(): v for k, v in self.headers.items()},
                )
                self._send(api.reply(asked))

            do_POST = do_GET  # noqa: N815

            def _send(self, reply: Reply) -> None:
                if reply.hang:
                    api.over.wait(30)
                    self.close_connection = True
                    return
                length = len(reply.body) if reply.length is None else reply.length
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if reply.trickle:
                    while not api.over.wait(0.02):
                        self.wfile.write(b" ")
                self.wfile.write(reply.body)
                self.close_connection = length != len(reply.body)

            def log_message(self, *args: Any) -> None:
                """Nothing on stderr."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the client hung up, as some tests make it do
                    self.close_connection = True

        return Handler
