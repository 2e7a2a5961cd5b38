"""An address on loopback that shows the simulated mesh to a real Prometheus."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from urllib.parse import quote, unquote

from observe.bootstrap.prometheus import HOST
from observe.demo.live_mesh import LiveMesh, Source
from observe.exposition import CONTENT_TYPE


class LiveExporter:
    """Serves `/CLUSTER/JOB` for each source of a mesh, in threads of this process.

    A context manager: when the process ends, however it does, so does the exporter.

    Args:
        mesh: what is shown.
    """

    def __init__(self, mesh: LiveMesh) -> None:
        self.mesh = mesh
        known = frozenset(mesh.sources())
        handler = type("_Pages", (_Handler,), {"mesh": mesh, "known": known})
        self._server = ThreadingHTTPServer((HOST, 0), handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> LiveExporter:
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


def path_of(source: Source) -> str:
    """Where an exporter shows a source."""
    return "/" + "/".join(quote(part, safe="") for part in source)


class _Handler(BaseHTTPRequestHandler):
    mesh: LiveMesh
    known: frozenset[Source]

    def do_GET(self) -> None:
        cluster, _, job = self.path.lstrip("/").partition("/")
        source = unquote(cluster), unquote(job)
        if source not in self.known:
            self.send_error(404)
            return
        body = self.mesh.page(source, 1000 * time.time()).encode()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not worth a line each."""
