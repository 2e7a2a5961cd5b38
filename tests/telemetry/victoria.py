"""A real VictoriaMetrics on loopback."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

import requests

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.prometheus import HOST, free_port
from observe.bootstrap.supervisor import Supervised


class VictoriaMetrics:
    """A child process; a context manager.

    Args:
        folder: where samples and log live.
        prefix: path that its whole API lies under, such as `/prometheus`.
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}{prefix}"
        command = [
            str(find_binary("victoria-metrics")),
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr={HOST}:{self.port}",
            f"-http.pathPrefix={prefix}",
            "-retentionPeriod=10y",
            "-memory.allowedPercent=5",
            "-search.latencyOffset=0s",
        ]
        self._child = Supervised(command, folder / "victoria-metrics.log")

    def __enter__(self) -> VictoriaMetrics:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if not self._child.running:
                raise RuntimeError("\n".join(self._child.last_lines(3)))
            try:
                if requests.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError("VictoriaMetrics was not ready in time")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.stop()

    def flush(self) -> None:
        """Make what was written visible to queries."""
        requests.get(f"{self.url}/internal/force_flush", timeout=30).raise_for_status()
