"""What the charts of retries, pools and outlier detection show, as series over the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.retry_pattern import pattern_of
from observe.recommend.timeout_tail import incident_steps
from observe.signals.concurrency import Load, TargetLoad, concurrency_by_target
from observe.signals.failure_series import FailureReader
from observe.signals.host_episodes import episodes_of, failing_alone
from observe.signals.hosts import ServiceHosts, hosts_behind, hosts_by_target
from observe.signals.latency import TargetLatency
from observe.target import Target
from observe.telemetry.manifest import Window
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Start and end in days since 1970, matplotlib's own unit.
Days = tuple[float, float]
#: Hosts drawn each with a line of its own.
HOSTS_SHOWN = 3
_DAY = 86_400.0


@dataclass(frozen=True)
class Hours:
    """The coarse steps of a window (H), in days since 1970."""

    starts: Floats
    step: float

    @property
    def edges(self) -> Floats:
        """Their bounds (H + 1)."""
        return np.append(self.starts, self.starts[-1] + self.step)


@dataclass(frozen=True)
class FailureWeek:
    """Failures of a target, as shares of its requests, hour by hour (H).

    Attributes:
        curable: first tries that fail in a way that another try may cure.
        others: requests that fail otherwise.
        outages: spans in which hardly any try succeeds.
        failing_hosts: spans in which a part of the hosts fails.
    """

    hours: Hours
    curable: Floats
    others: Floats
    outages: tuple[Days, ...]
    failing_hosts: tuple[Days, ...]

    @property
    def any(self) -> bool:
        """Whether anything failed."""
        return bool((self.curable > 0).any() or (self.others > 0).any())


@dataclass(frozen=True)
class LoadWeek:
    """Requests under way at one proxy: the highest five minutes of each hour (H).

    Attributes:
        client: of the neediest client's busiest proxy.
        server: of the busiest server's proxy; None where nothing limits it there.
        incidents: spans that were left out of what is normal.
    """

    hours: Hours
    client: Floats
    server: Floats | None
    incidents: tuple[Days, ...] = ()

    @property
    def highest(self) -> float:
        """The highest of both sides."""
        sides = [self.client, *([] if self.server is None else [self.server])]
        return float(max(side.max() for side in sides))


@dataclass(frozen=True)
class HostWeek:
    """Errors of single hosts, as shares of their requests, hour by hour.

    Attributes:
        failing: name and shares (H) of the hosts that failed alone, the worst first.
        others: all other hosts together (H).
        episodes: spans in which a host failed alone.
    """

    hours: Hours
    failing: tuple[tuple[str, Floats], ...]
    others: Floats
    episodes: tuple[Days, ...]


class WeekSeries:
    """Reads a snapshot when it is first asked for a series, and then gives that of any target.

    Args:
        snapshot: the telemetry.
        cubes: latency by target path, of the same snapshot, to tell incidents by; None: none are.
    """

    def __init__(
        self, snapshot: Snapshot, cubes: Mapping[str, TargetLatency] | None = None
    ) -> None:
        self._snapshot, self._cubes = snapshot, cubes or {}
        self._window = snapshot.manifest.window
        self._hours = _hours(self._window)

    def failures(
        self, recommendation: RetryRecommendation, confidence: float, *, repeatable: bool
    ) -> FailureWeek | None:
        """Failures of a target; None where its clients do not report.

        Args:
            recommendation: what is shown.
            confidence: of the intervals, as the policy has it.
            repeatable: whether its requests may be carried out twice.
        """
        series = self._reader.of(recommendation.target.path, repeatable=repeatable)
        if series is None or not series.requests.any():
            return None
        coarse = self._reader.steps.coarse_of_fine
        several = recommendation.evidence.hosts != 1
        pattern = pattern_of(series, coarse, confidence, several)
        failed = pattern.requests * pattern.first
        others = np.sum([v for cure, v in series.failures.items() if cure != "curable"], axis=0)
        requests = self._by_hour(series.requests)
        return FailureWeek(
            self._hours,
            _share(self._by_hour(failed), requests),
            _share(self._by_hour(np.broadcast_to(others, failed.shape)), requests),
            self._spans(pattern.outage),
            self._spans(pattern.hosts & ~pattern.outage),
        )

    def load(self, recommendation: PoolRecommendation) -> LoadWeek | None:
        """Requests under way; None where the client that decides is not known."""
        load = self._loads.get(recommendation.target.path)
        if load is None or not recommendation.evidence.clients:
            return None
        first = recommendation.evidence.clients[0]
        name = (first.namespace, first.workload)
        client = next((c for c in load.clients if c.name[1:] == name), None)
        if client is None:
            return None
        server = None if load.server is None else self._highest(load.server)
        return LoadWeek(self._hours, self._highest(client), server, self._incidents(load.target))

    def hosts(self, recommendation: OutlierRecommendation) -> HostWeek | None:
        """Errors host by host; None where no host failed alone, or none reports."""
        hosts = hosts_behind(recommendation.target, self._hosts)
        if hosts is None:
            return None
        episodes = episodes_of(hosts, failing_alone(hosts))
        worst = dict.fromkeys(e.host for e in sorted(episodes, key=lambda e: -e.errors))
        if not worst:
            return None
        names = list(worst)[:HOSTS_SHOWN]
        at = [hosts.names.index(name) for name in names]
        rest = np.array([i not in at for i in range(len(hosts.names))])
        n, x = self._by_hour(hosts.requests), self._by_hour(hosts.errors)
        step = self._window.step_seconds / _DAY
        spans = [(e.start * step, (e.start + e.steps) * step) for e in episodes]
        start = self._hours.starts[0]
        return HostWeek(
            self._hours,
            tuple((name, _share(x[i], n[i])) for name, i in zip(names, at, strict=True)),
            _share(x[rest].sum(axis=0), n[rest].sum(axis=0)),
            tuple((start + first, start + last) for first, last in spans),
        )

    def _incidents(self, target: Target) -> tuple[Days, ...]:
        latency = self._cubes.get(target.path)
        if latency is None:
            return ()
        mask = incident_steps(latency, self._window.coarse_step_seconds)
        starts = latency.times.astype("datetime64[s]").astype(np.float64) / _DAY
        return tuple((starts[a], starts[b - 1] + self._hours.step) for a, b in _runs(mask))

    @cached_property
    def _reader(self) -> FailureReader:
        return FailureReader(self._snapshot)

    @cached_property
    def _loads(self) -> dict[str, TargetLoad]:
        return concurrency_by_target(self._snapshot)

    @cached_property
    def _hosts(self) -> dict[str, ServiceHosts]:
        return hosts_by_target(self._snapshot)

    def _by_hour(self, fine: Floats) -> Floats:
        """Sums over the coarse steps: (..., T) to (..., H)."""
        sums: Floats = self._grouped(fine).sum(axis=-1)
        return sums

    def _highest(self, load: Load) -> Floats:
        """The highest fine step of each coarse one (H)."""
        most: Floats = self._grouped(np.nan_to_num(load.busiest_under_way)).max(axis=-1)
        return most

    def _grouped(self, fine: Floats) -> Floats:
        """(..., T) as (..., H, fine steps of a coarse one), filled up with nothing."""
        window, hours = self._window, self._hours.starts.size
        per = max(1, window.coarse_step_seconds // window.step_seconds)
        missing = max(0, hours * per - fine.shape[-1])
        padded = np.pad(fine, [(0, 0)] * (fine.ndim - 1) + [(0, missing)])
        return padded[..., : hours * per].reshape(*fine.shape[:-1], hours, per)

    def _spans(self, steps: Mask) -> tuple[Days, ...]:
        """Runs of fine steps as spans of days."""
        start, step = float(self._hours.starts[0]), self._window.step_seconds / _DAY
        return tuple((start + a * step, start + b * step) for a, b in _runs(steps))


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of steps."""
    turns = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(int), [0]))))
    return [(int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True)]


def _hours(window: Window) -> Hours:
    step = window.coarse_step_seconds / _DAY
    count = max(1, int(np.ceil(window.length.total_seconds() / window.coarse_step_seconds)))
    starts = window.start.timestamp() / _DAY + step * np.arange(count, dtype=np.float64)
    return Hours(starts, step)


def _share(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return np.minimum(share, 1.0)
