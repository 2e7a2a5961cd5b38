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
from observe.recommend.base_model import Kind
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
        return recommend(self.snapshot, policy, _settings(current))

    def recommendations(
        self,
        kind: Kind | None = None,
        policy: Policy | None = None,
        current: CurrentSettings | str | Path | None = None,
    ) -> pd.DataFrame:
        """:meth:`recommend` as a row for each recommendation, most urgent first.

        Args:
            kind: "timeout", "retry", "connectionPool" or "outlierDetection", with columns for its
                evidence; every kind when None.
            policy: as for :meth:`recommend`.
            current: as for :meth:`recommend`.

        Returns:
            Columns as :func:`observe.report.frames.advice_frame` names them, units in the names.
        """
        from observe.report.frames import advice_frame

        return advice_frame(self.recommend(policy, current), policy or Policy(), kind)

    def withheld(
        self,
        kind: Kind | None = None,
        policy: Policy | None = None,
        current: CurrentSettings | str | Path | None = None,
    ) -> pd.DataFrame:
        """What :meth:`recommend` does not say, and why; arguments as :meth:`recommendations`."""
        from observe.report.frames import withheld_frame

        return withheld_frame(self.recommend(policy, current), kind)

    def explain(
        self,
        target: str,
        policy: Policy | None = None,
        current: CurrentSettings | str | Path | None = None,
        kind: Kind | None = None,
    ) -> str:
        """What a target is advised and why, as text to print.

        Args:
            target: `cluster/namespace/service`, or enough of its end.
            policy: as for :meth:`recommend`.
            current: as for :meth:`recommend`.
            kind: one kind of advice, with its formula; all kinds in short when None.

        Raises:
            InputError: none or several targets are called that, or nothing of the kind is known.
        """
        from observe.report.explain_find import find_items
        from observe.report.explanation import Grounds, explanation

        knobs, settings = policy or Policy(), _settings(current)
        advice = recommend(self.snapshot, knobs, settings)
        items = find_items(advice, target, kind)
        told = explanation(items, Grounds(advice, self.snapshot, knobs, settings))
        page = Console(file=StringIO(), width=100, highlight=False)
        with page.capture() as captured:
            page.print(told)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def save(self, folder: str | Path) -> None:
        """Store the snapshot; `observe.load` brings it back."""
        save(self.snapshot, Path(folder))


def _settings(current: CurrentSettings | str | Path | None) -> CurrentSettings | None:
    """The settings in a file or folder; anything else as it is."""
    return read_current(Path(current)) if isinstance(current, str | Path) else current


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
