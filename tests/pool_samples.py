"""Snapshots for pools: the calls of `handmade`, spread evenly over the steps of each hour."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from handmade import START, Call, snapshot

from observe.telemetry import frames
from observe.telemetry.snapshot import Snapshot

HOST = "cart.shop.svc.cluster.local"
PATH = "east/shop/cart"
STEPS = 12


def steady(rate: float = 100.0, slow: float = 0.0, **fields: Any) -> Call:
    """A call of `rate` requests a second that take 55 ms, `slow` of them 550 ms."""
    hour = 3600 * rate
    return Call(buckets=(0, hour * (1 - slow), hour * slow, 0, 0), **fields)


def even(calls: list[Call], hours: int = 168, **replaced: pd.DataFrame) -> Snapshot:
    """A snapshot whose hours have the same number of requests in each of their steps."""
    whole = snapshot(calls, hours=hours)
    rows = pd.concat(
        [
            whole.requests.assign(
                time=whole.requests["time"] + pd.Timedelta(minutes=5 * k),
                requests=whole.requests["requests"] / STEPS,
            )
            for k in range(STEPS)
        ],
        ignore_index=True,
    )
    return replace(whole, requests=frames.REQUESTS.conform(rows), **replaced)


def rows(spec: frames.FrameSpec, values: list[tuple[Any, ...]]) -> pd.DataFrame:
    """A frame from its rows."""
    return spec.conform(pd.DataFrame(values, columns=list(spec.columns)))


def hourly(hours: int) -> pd.DatetimeIndex:
    """Starts of the hours of the window."""
    return pd.date_range(START, periods=hours, freq="h")


def proxies(shares: dict[int, tuple[int, float]], hours: int = 168) -> pd.DataFrame:
    """PROXIES: edge → (number of proxies, share of the busiest), the same in each hour."""
    times = hourly(hours)
    return rows(
        frames.PROXIES,
        [(t, edge, float(n), share) for edge, (n, share) in shares.items() for t in times],
    )


def hosts(requests: list[float], hours: int = 168) -> pd.DataFrame:
    """HOSTS: requests of each host behind the service, the same in each hour."""
    return rows(
        frames.HOSTS,
        [
            (t, "east", HOST, "shop", f"10.0.0.{i}:15020", n)
            for i, n in enumerate(requests)
            for t in hourly(hours)
        ],
    )


def pods(counts: dict[str, int], hours: int = 168) -> pd.DataFrame:
    """CONTAINERS: workload → number of pods."""
    nothing = (np.nan, np.nan, np.nan)
    return rows(
        frames.CONTAINERS,
        [
            (t, "east", "shop", workload, "app", float(n), *nothing)
            for workload, n in counts.items()
            for t in hourly(hours)
        ],
    )


def gauge(active: float, hours: int = 168) -> pd.DataFrame:
    """ENVOY: the same number of active requests in each hour."""
    where = ("east", "shop", "web", HOST, "80", "")
    counters = (0.0,) * 7
    return rows(frames.ENVOY, [(t, *where, *counters, active, 0.0, active) for t in hourly(hours)])


@dataclass(frozen=True)
class Rule:
    """What a DestinationRule says."""

    connection_pool: dict[str, Any] = field(default_factory=dict)
    outlier_detection: dict[str, Any] = field(default_factory=dict)
    retry_budget: dict[str, Any] = field(default_factory=dict)
    source: str = "dr.yaml:1"


@dataclass(frozen=True)
class Settings:
    """The same rule for every host; None: no object."""

    rule: Rule | None = None

    def timeout_for(self, service: str, cluster: str | None = None) -> None:
        return None

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[()]:
        return ()

    def traffic_policy_for(self, service: str, cluster: str | None = None) -> Rule | None:
        return self.rule


def with_pool(**limits: int) -> Settings:
    """Settings whose rule has these limits."""
    pool: dict[str, Any] = {"tcp": {}, "http": {}}
    for name, value in limits.items():
        pool["tcp" if name == "maxConnections" else "http"][name] = value
    return Settings(Rule(pool))
