"""A service of some hosts and its clients over a few days, drawn request by request in each step.

For tests of outlier detection: the true share of errors of each host in each step is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from handmade import START, Call, snapshot

from observe.telemetry import frames
from observe.telemetry.snapshot import Snapshot

STEP = 300
HOST = "cart.shop.svc.cluster.local"


@dataclass(frozen=True)
class Service:
    """What is drawn.

    `base` is the share of errors of a healthy host, one number or one a fine step; `bad` maps a
    host and a span of fine steps to its share of errors there; `clients` maps a client workload
    to its requests a second and its number of proxies.
    """

    hosts: int = 3
    clients: Mapping[str, tuple[float, int]] | None = None
    base: float | np.ndarray = 0.0005
    bad: tuple[tuple[int, slice, float], ...] = ()
    code: str = "503"
    hours: int = 168
    rhythm: float = 0.0
    seed: int = 1


def week(service: Service) -> Snapshot:
    """The snapshot of such a service; every proxy is scraped."""
    rng = np.random.default_rng(service.seed)
    clients = service.clients or {"web": (20.0, 2)}
    steps = service.hours * 12
    times = pd.date_range(START, periods=steps, freq="5min")
    share = np.broadcast_to(np.asarray(service.base, dtype=float), steps)
    failing = np.tile(share, (service.hosts, 1))
    for host, span, part in service.bad:
        failing[host, span] = part
    wave = 1 + service.rhythm * np.sin(2 * np.pi * np.arange(steps) / 288)
    calls = [Call(source=c, reporter=r) for c in clients for r in ("source", "destination")]
    made = snapshot(calls, hours=service.hours)
    number = {
        (e.source_workload, e.reporter): int(e.edge) for e in made.edges.itertuples(index=False)
    }
    load = np.zeros((service.hosts, steps))
    errors = np.zeros((service.hosts, steps))
    rows = []
    for name, (rate, _) in clients.items():
        n = rng.poisson(rate * STEP * wave / service.hosts, (service.hosts, steps))
        x = rng.binomial(n, failing)
        load, errors = load + n, errors + x
        for reporter in ("source", "destination"):
            edge = number[name, reporter]
            for code, count in (("200", (n - x).sum(axis=0)), (service.code, x.sum(axis=0))):
                rows.append(_requests(times, edge, code, count))
    return replace(
        made,
        requests=frames.REQUESTS.conform(pd.concat(rows)),
        hosts=_per_host(frames.HOSTS, load.reshape(service.hosts, -1, 12).sum(axis=2), "1h"),
        host_errors=_per_host(frames.HOST_ERRORS, errors, "5min", service.code),
        proxies=_proxies(made, clients, number),
    )


def without_hosts(made: Snapshot, pods: int | None = 3) -> Snapshot:
    """The same where the servers' proxies are not scraped; cAdvisor may know the pods."""
    times = made.proxies["time"].drop_duplicates()
    rows = [(t, "east", "shop", "cart", "app", pods, 0.1, 0.0, 1e8) for t in times]
    containers = pd.DataFrame(rows if pods else [], columns=list(frames.CONTAINERS.columns))
    return replace(
        made,
        hosts=frames.HOSTS.empty(),
        host_errors=frames.HOST_ERRORS.empty(),
        containers=frames.CONTAINERS.conform(containers),
    )


def _requests(times: pd.DatetimeIndex, edge: int, code: str, count: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"time": times, "edge": edge, "code": code, "flags": "-"})
    frame = frame.assign(grpc_status="", requests=count.astype(float))
    return frame[frame["requests"] > 0]


def _per_host(
    spec: frames.FrameSpec, counts: np.ndarray, every: str, code: str = ""
) -> pd.DataFrame:
    times = pd.date_range(START, periods=counts.shape[1], freq=every)
    parts = [
        pd.DataFrame({"time": times, "host": f"10.0.0.{i}:15020", "requests": row})
        for i, row in enumerate(counts)
    ]
    frame = pd.concat(parts).assign(
        cluster="east",
        destination_service=HOST,
        destination_service_namespace="shop",
        code=code,
        grpc_status="",
    )
    return spec.conform(frame[frame["requests"] > 0])


def _proxies(
    made: Snapshot, clients: Mapping[str, tuple[float, int]], number: Mapping[tuple[str, str], int]
) -> pd.DataFrame:
    times = made.coverage["time"].drop_duplicates()
    rows = [
        (time, number[name, "source"], float(proxies), 1.0 / proxies)
        for name, (_, proxies) in clients.items()
        for time in times
    ]
    return frames.PROXIES.conform(pd.DataFrame(rows, columns=list(frames.PROXIES.columns)))
