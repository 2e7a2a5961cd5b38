"""The two tiers of the demo: real servers, first with the past, then with what goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.bootstrap.stack import Stack
from observe.demo.history import History, load_until
from observe.demo.live import LiveExporter
from observe.demo.live_mesh import LiveMesh
from observe.demo.receiver import alertmanager
from observe.demo.side_history import load_sides
from observe.demo.tier_files import alertmanager_file, demo_stack, edge_files, external_files
from observe.errors import OutputError, SourceError

_FLAGS = (*HISTORY_FLAGS, "--web.enable-lifecycle")
_RELOAD_SECONDS = 60


@dataclass(frozen=True)
class DemoTiers:
    """Both servers, running."""

    edge: PrometheusServer
    external: PrometheusServer

    @property
    def running(self) -> bool:
        """Whether both are alive."""
        return self.edge.running and self.external.running


@contextmanager
def two_tiers(
    folder: Path, *, port: int = 0, external_port: int = 0, binary: Path | None = None
) -> Iterator[DemoTiers]:
    """Two empty servers that accept history, until the end of the block.

    Args:
        folder: gets `edge/` and `external/`, each with configuration, log and samples.
        port: of the edge tier; 0 takes a free one.
        external_port: of the external tier.
        binary: Prometheus; looked for when not given.

    Raises:
        InputError, OutputError, SourceError: as `PrometheusServer.start`.
    """
    with (
        PrometheusServer(folder / "edge", port=port, flags=_FLAGS, binary=binary) as edge,
        PrometheusServer(
            folder / "external", port=external_port, flags=_FLAGS, binary=binary
        ) as external,
    ):
        yield DemoTiers(edge, external)


@dataclass(frozen=True)
class Going:
    """What runs beside the two servers while the mesh goes on.

    Attributes:
        exporter: `host:port` of what shows the mesh.
        alertmanager: `host:port`; None where this machine has none.
    """

    exporter: str
    alertmanager: str | None


@contextmanager
def going_on(
    tiers: DemoTiers, history: History, folder: Path, stack: Stack | None = None
) -> Iterator[Going]:
    """Let the mesh go on after its week: scraped, recorded, federated, until the end of the block.

    What happened since the window ended is written first, and the side series of its last day.

    Args:
        tiers: both servers, which hold the week.
        history: that week.
        folder: gets `alertmanager/`.
        stack: intervals and objectives; as in the week when not given.

    Raises:
        OutputError: a configuration cannot be written.
        SourceError: a server does not answer, or refuses samples or its configuration.
    """
    edge, external = tiers.edge, tiers.external
    stack = stack or demo_stack(history.clusters)
    load_sides(history, edge.url, external.url, datetime.now(UTC))
    end_ms = round(1000 * history.summary.end.timestamp())
    mesh = LiveMesh(history.truth, end_ms, history.today, history.coming)
    with (
        LiveExporter(mesh) as exporter,
        alertmanager(folder / "alertmanager", alertmanager_file(stack)) as receiver,
    ):
        receivers = [receiver] if receiver else []
        load_until(history, edge.url, external.url, datetime.now(UTC))
        texts = edge_files(stack, mesh.sources(), exporter.address, _address(edge), receivers)
        reconfigure(edge, texts)
        reconfigure(external, external_files(stack, edge.url, _address(external), receivers))
        yield Going(exporter.address, receiver)


def _address(server: PrometheusServer) -> str:
    return server.url.removeprefix("http://")


def reconfigure(server: PrometheusServer, files: Mapping[str, str]) -> None:
    """Write a server's configuration and let it read that.

    Args:
        server: one that runs, with `--web.enable-lifecycle`.
        files: path below its folder → text.

    Raises:
        OutputError: a file cannot be written.
        SourceError: it does not answer, or refuses the configuration.
    """
    try:
        for name, text in files.items():
            place = server.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {server.folder}: {error.strerror or error}") from error
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy for the outside must not see loopback
            answer = session.post(f"{server.url}/-/reload", timeout=_RELOAD_SECONDS)
    except requests.RequestException as error:
        raise SourceError(f"{server.url} cannot be told to reload") from error
    if answer.status_code != 200:
        said = " ".join(answer.text.split())[:300]
        raise SourceError(f"{server.url} refuses its configuration: {said}")
