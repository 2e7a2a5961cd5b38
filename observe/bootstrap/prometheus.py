"""A local Prometheus server for the demo and the tests.

with PrometheusServer(folder) as server:
    requests.get(server.url + "/api/v1/query", params={"query": "up"})
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import requests

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.supervisor import Supervised
from observe.errors import InputError, ObserveError, OutputError, SourceError

HOST = "127.0.0.1"

#: A server without scrape jobs: history can be written in time order from any point in the past.
EMPTY_CONFIG = "global:\n  scrape_interval: 15s\nscrape_configs: []\n"

#: For a server that is about to be given a week of history: the whole week stays in the head, which
#: saves cutting and compacting some eighty blocks while samples arrive. Hidden from --help.
HISTORY_FLAGS = (
    "--storage.tsdb.min-block-duration=14d",
    "--storage.tsdb.max-block-duration=14d",
)

#: How often a port that was free a moment ago may turn out to be taken by someone else.
_PORT_ATTEMPTS = 5


class PrometheusServer:
    """A Prometheus child process on 127.0.0.1; a context manager.

    The folder is kept: it holds `prometheus.yml`, `prometheus.log` and the samples in `data/`.

    Args:
        folder: where configuration, log and samples live; created when absent.
        config: text of the configuration file.
        port: TCP port; 0 takes a free one.
        retention: how long samples are kept, as Prometheus writes durations.
        remote_write: accept samples at `/api/v1/write`.
        flags: further command-line flags.
        deadline_seconds: how long it may take until it is ready.
        binary: the program; found by :func:`find_binary` when not given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        config: str = EMPTY_CONFIG,
        port: int = 0,
        retention: str = "90d",
        remote_write: bool = True,
        flags: Sequence[str] = (),
        deadline_seconds: float = 30.0,
        binary: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = port
        self._config = config
        self._wanted_port = port
        self._retention = retention
        self._remote_write = remote_write
        self._flags = tuple(flags)
        self._deadline_seconds = deadline_seconds
        self._binary = binary
        self._child: Supervised | None = None

    @property
    def url(self) -> str:
        """Address of the HTTP API, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._child is not None and self._child.running

    def __enter__(self) -> PrometheusServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers; nothing is left behind when that fails.

        Raises:
            InputError: binary missing or too old, port taken, configuration refused.
            OutputError: the folder cannot be written.
            SourceError: it died for another reason, or was not ready in time.
        """
        if self.running:
            return
        binary = self._binary or find_binary("prometheus")
        self._write_config()
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self.port = self._wanted_port or free_port()
            try:
                self._launch(binary)
                return
            except _PortTakenError:
                if self._wanted_port or attempt == _PORT_ATTEMPTS:
                    raise

    def stop(self) -> None:
        """Stop it: SIGTERM, then SIGKILL; safe to repeat."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _write_config(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "prometheus.yml").write_text(self._config, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"cannot write {self.folder}: {error.strerror}", "Choose another folder"
            ) from error

    def _launch(self, binary: Path) -> None:
        if not is_free(self.port):
            raise _port_taken(self.port)
        self._child = Supervised(self._command(binary), self.folder / "prometheus.log")
        try:
            self._wait_until_ready(self._child)
        except BaseException:
            self.stop()
            raise

    def _command(self, binary: Path) -> list[str]:
        receiver = ["--web.enable-remote-write-receiver"] if self._remote_write else []
        return [
            str(binary),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._data}",
            f"--storage.tsdb.retention.time={self._retention}",
            f"--web.listen-address={HOST}:{self.port}",
            *receiver,
            *self._flags,
        ]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _wait_until_ready(self, child: Supervised) -> None:
        deadline = time.monotonic() + self._deadline_seconds
        while time.monotonic() < deadline:
            if not child.running:
                raise cause_of_death(child.last_lines(20), self.port)
            if self._answers():
                return
            time.sleep(0.05)
        last = " ".join(child.last_lines())
        raise SourceError(
            f"Prometheus was not ready within {self._deadline_seconds:g} s; its last word: {last}",
            f"See {child.log}",
        )

    def _answers(self) -> bool:
        """Whether it is ready, and it is ours and not another server on the same port."""
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy for the outside must not see loopback
                if session.get(f"{self.url}/-/ready", timeout=2).status_code != 200:
                    return False
                flags = session.get(f"{self.url}/api/v1/status/flags", timeout=2).json()
                return bool(flags["data"]["storage.tsdb.path"] == str(self._data))
        except (requests.RequestException, KeyError, TypeError):
            return False


class _PortTakenError(InputError):
    """Somebody else listens on the port."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        # As Go's listener does: a connection that lingers in TIME_WAIT does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _port_taken(port: int) -> _PortTakenError:
    return _PortTakenError(
        f"port {port} on {HOST} is taken", "Stop what listens there, or choose another port"
    )


def cause_of_death(log: Sequence[str], port: int, name: str = "Prometheus") -> ObserveError:
    """What the last lines of the log say, as an error that a person can act on."""
    text = "\n".join(log)
    last = _message(log[-1]) if log else "it said nothing"
    if "address already in use" in text:
        return _port_taken(port)
    if "unknown long flag" in text:
        return InputError(
            f"this {name} refuses a flag: {last}",
            "It may be too old: 2.33 or newer is needed",
        )
    if "Error loading config" in text or "parsing YAML" in text:
        return InputError(f"{name} refuses its configuration: {last}", "Correct its configuration")
    return SourceError(f"{name} stopped while starting: {last}")


def _message(line: str) -> str:
    """The `err=` or `msg=` part of a logfmt line, or the whole line."""
    for key in ("err", "msg"):
        found = re.search(rf'\b{key}="((?:[^"\\]|\\.)*)"', line)
        if found:
            return re.sub(r"(\\n|\s)+", " ", found.group(1).replace('\\"', '"'))
    return line.strip()
