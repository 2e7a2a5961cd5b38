"""HTTP in front of the double: tokens, faults on request, `Status` objects for refusals."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class RefusalError(Exception):
    def __init__(self, code: int, reason: str, message: str, causes: list[Any] | None = None):
        self.code = code
        self.status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                       "reason": reason, "message": message,
                       "details": {"causes": causes or []}}  # fmt: skip


def parse(path: str, violations: list[str]) -> tuple[str, str, str, str]:
    """API version, plural, namespace and name of a path; the last three may be empty."""
    parts = path.strip("/").split("/")
    version = parts[1] if parts[0] == "api" else "/".join(parts[1:3])
    rest = parts[2 if parts[0] == "api" else 3 :]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if parts[0] not in ("api", "apis") or len(rest) > 2:
        violations.append(f"path {path}")
        raise RefusalError(404, "NotFound", "404 page not found")
    plural, name, *_ = [*rest, "", ""]
    return version, plural, namespace, name


def handler(server: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            params = dict(parse_qsl(url.query))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data = json.loads(body) if body else None
            kind = self.headers.get("Content-Type", "")
            code, answer, headers = 200, None, {}
            try:
                if server.token and self.headers.get("Authorization") != f"Bearer {server.token}":
                    raise RefusalError(401, "Unauthorized", "Unauthorized")
                with server.lock:
                    odd = server.before(self.command, url.path, params)
                    if odd is not None:  # (code, text or document, headers); None drops the line
                        code, answer, headers = odd
                    else:
                        answer = server.answer(self.command, url.path, params, data, kind)
            except RefusalError as refusal:
                code, answer = refusal.code, refusal.status
            if code == 0:
                self.close_connection = True
                return
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(code)
            sort = "text/plain" if isinstance(answer, str) else "application/json"
            for name, value in {"Content-Type": sort, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PATCH = do_DELETE = do_POST = do_PUT = _serve  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    return Handler
