"""A mesh in Python: `mesh = observe.connect(url)`, then signals, edges, recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from observe.errors import InputError
from observe.export.current import read_current
from observe.recommend.current import CurrentSettings
from observe.recommend.engine import recommend
from observe.recommend.model import Advice
from observe.recommend.policy import Policy
from observe.signals.callgraph import edge_traffic
from observe.signals.golden import By, Every, golden
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.fetch import Progress
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.several import Address, collect_all
from observe.telemetry.snapshot import Snapshot, load, save


class Mesh:
    """The telemetry of one window, and what can be said about it.

    Attributes:
        snapshot: the frames; see :mod:`observe.telemetry.frames`.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __repr__(self) -> str:
        window = self.snapshot.manifest.window
        return (
            f"<Mesh {len(self.snapshot.edges)} edges, "
            f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC>"
        )

    def signals(self, by: By = "service", every: Every = "window") -> pd.DataFrame:
        """Golden signals; see :func:`observe.signals.golden.golden`."""
        return golden(self.snapshot, by, every)

    def edges(self) -> pd.DataFrame:
        """Who calls whom, how often; see :func:`observe.signals.callgraph.edge_traffic`."""
        return edge_traffic(self.snapshot)

    def recommend(
        self, policy: Policy | None = None, current: CurrentSettings | str | Path | None = None
    ) -> Advice:
        """What the telemetry supports; see :func:`observe.recommend.engine.recommend`.

        Args:
            policy: the knobs; the defaults when None.
            current: the settings that are there, or the file or folder with them.
        """
        if isinstance(current, str | Path):
            current = read_current(Path(current))
        return recommend(self.snapshot, policy, current)

    def explain(
        self,
        target: str,
        policy: Policy | None = None,
        current: CurrentSettings | str | Path | None = None,
    ) -> str:
        """Why a target gets its number, as text to print.

        Args:
            target: `cluster/namespace/service`, or enough of its end.
            policy: as for :meth:`recommend`.
            current: as for :meth:`recommend`.

        Raises:
            InputError: none or several targets are called that.
        """
        from observe.report.build import latency_cubes
        from observe.report.explain import explain_text, find_target

        item = find_target(self.recommend(policy, current), target)
        latency = latency_cubes(self.snapshot).get(item.target.path)
        page = Console(file=StringIO(), width=100, highlight=False)
        with page.capture() as captured:
            page.print(explain_text(item, policy or Policy(), latency))
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def save(self, folder: str | Path) -> None:
        """Store the snapshot; `observe.load` brings it back."""
        save(self.snapshot, Path(folder))


def connect(
    url: str | Mapping[str, str],
    *,
    days: float = 7.0,
    end: datetime | None = None,
    **settings: Any,
) -> Mesh:
    """Read a window from a Prometheus, or from one for each cluster.

    Args:
        url: address of a Prometheus-compatible API; or cluster → address, where the cluster is
            that of series which carry none.
        days: length of the window.
        end: its end; now when None.
        settings: further fields of :class:`observe.telemetry.settings.ConnectionSettings`, for
            all servers.

    Raises:
        InputError: an address or a setting is wrong.
        SourceError: no server could be reached, or it answered nonsense. What one of several did
            not answer is listed in `snapshot.manifest.missing`.
    """
    until = end or datetime.now(UTC)
    start = until - timedelta(days=days)
    named = {"": url} if isinstance(url, str) else url
    servers = [Address(address, name) for name, address in named.items()]
    if not servers:
        raise InputError("no Prometheus is given")

    def read(address: str, progress: Progress | None) -> Snapshot:
        with PrometheusClient(ConnectionSettings(url=address, **settings)) as client:
            return collect(client, start, until, progress=progress)

    return Mesh(collect_all(servers, read, start, until))


def load_mesh(folder: str | Path) -> Mesh:
    """A mesh from a stored snapshot.

    Raises:
        InputError: the folder holds no snapshot of a version that is understood.
    """
    return Mesh(load(Path(folder)))
