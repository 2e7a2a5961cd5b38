"""Recorded /metrics pages, served again over HTTP with counters that grow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_CUMULATIVE = ("counter", "histogram", "summary")


def grown(page: str, factor: int) -> str:
    """The page with every counter and histogram multiplied; gauges stay as they are.

    A page that never changes says that nothing happened. Multiplied by 1, 2, 3 ... it says that
    between any two scrapes as much happened as in all the time before it was recorded.
    """
    kinds: dict[str, str] = {}
    lines = []
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            kinds[name] = kind
        elif line and not line.startswith("#"):
            line = _multiplied(line, kinds, factor)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _multiplied(line: str, kinds: Mapping[str, str], factor: int) -> str:
    series, value = line.rsplit(" ", 1)
    name = series.split("{")[0]
    family = next(
        (
            name.removesuffix(s)
            for s in ("_bucket", "_sum", "_count")
            if name.removesuffix(s) in kinds
        ),
        name,
    )
    kind = kinds.get(name, kinds.get(family, "untyped"))
    if kind not in _CUMULATIVE or "quantile=" in series:
        return line
    return f"{series} {float(value) * factor!r}"


class PageServer:
    """Serves pages at `/<name>` on loopback; the n-th answer to a scrape is `grown(page, n)`.

    After `pause()` every scrape fails, so that what Prometheus holds no longer changes.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        self._pages = pages
        self._scrapes: Counter[str] = Counter()
        self._paused = False
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    def pause(self) -> None:
        with self._lock:
            self._paused = True

    def config(self, names: Iterable[str]) -> str:
        """A Prometheus configuration that scrapes these pages once a second."""
        jobs = "".join(
            f"  - job_name: {name}\n    metrics_path: /{name}\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{self.port}']\n"
            for name in names
        )
        return f"global:\n  scrape_interval: 1s\nscrape_configs:\n{jobs}"

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, name: str) -> str | None:
        with self._lock:
            if self._paused or name not in self._pages:
                return None
            self._scrapes[name] += 1
            return grown(self._pages[name], self._scrapes[name])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = outer._next(self.path.strip("/"))
                body = (page or "paused").encode()
                self.send_response(200 if page else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
