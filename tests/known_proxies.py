"""Thirty hours of a few proxies of which everything is known: shares, hosts, failures, Envoy.

Two client pods share their calls 3 to 1; the second is replaced at ten o'clock. Three hosts serve
`pay`, of which one restarts and another fails for some minutes. `ledger` speaks gRPC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from known_week import END, WEB
from numpy.typing import NDArray

START = END - timedelta(hours=30)
PAY, LEDGER = "pay.shop.svc.cluster.local", "ledger.shop.svc.cluster.local"
CLIENTS = ("web-7d4b9c8f6d-x2z5k", "web-7d4b9c8f6d-k8s9d", "web-7d4b9c8f6d-w7w7w")
A_MINUTE = (90, 30, 30)
OUTBOUND = f"outbound|80||{PAY}"


def hour(number: int, minute: int = 0) -> int:
    """Position of a scrape: one a minute, the first one at the start."""
    return 60 * number + minute


def at(number: int, minute: int = 0) -> datetime:
    """A moment of the window."""
    return START + timedelta(hours=number, minutes=minute)


@dataclass
class Proxies:
    """Series to write.

    Attributes:
        labels: labels of each series.
        rows: values of each series, NaN where there is no sample.
    """

    labels: list[dict[str, str]] = field(default_factory=list)
    rows: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def times_ms(self) -> NDArray[np.int64]:
        seconds = np.arange(int(START.timestamp()), int(END.timestamp()) + 1, 60)
        return seconds * 1000

    @property
    def values(self) -> NDArray[np.float64]:
        return np.array(self.rows)

    def add(self, name: str, labels: dict[str, str], values: NDArray[np.float64]) -> None:
        self.labels.append({"__name__": name, **labels})
        self.rows.append(np.asarray(values, dtype=np.float64))

    def envoy(self, statistic: str, pod: str, values: NDArray[np.float64], name: str) -> None:
        own = {"namespace": "shop", "pod": pod, "instance": pod, "cluster_name": name}
        self.add(f"envoy_cluster_{statistic}", own, values)


def mesh(*, envoy: bool = True) -> Proxies:
    """All of it."""
    found = Proxies()
    _clients(found)
    _hosts(found)
    if envoy:
        _envoy(found)
    return found


def _running(per_minute: float, size: int) -> NDArray[np.float64]:
    return per_minute * np.arange(1, size + 1, dtype=np.float64)


def _clients(found: Proxies) -> None:
    size = len(found.times_ms)
    for number, (pod, rate) in enumerate(zip(CLIENTS, A_MINUTE, strict=True)):
        values = _running(rate, size)
        if number == 1:
            values[hour(10, 1) :] = np.nan
        if number == 2:
            values = np.concatenate([np.full(hour(10, 1), np.nan), values[: size - hour(10, 1)]])
        own = {"pod": pod, "instance": f"10.0.0.{number}:15020"}
        found.add("istio_requests_total", WEB | own, values)
        for metric in ("bucket", "sum", "count"):  # of no interest, but a mesh has them
            more = {"le": "+Inf"} if metric == "bucket" else {}
            found.add(f"istio_request_duration_milliseconds_{metric}", WEB | own | more, values)


def _hosts(found: Proxies) -> None:
    size = len(found.times_ms)
    server = WEB | {"reporter": "destination"}
    for number in range(3):
        own = {"pod": f"pay-{number}", "instance": f"10.0.1.{number}:15020"}
        values = _running(40, size)
        if number == 1:
            values[hour(15, 30) :] -= values[hour(15, 29)]
        found.add("istio_requests_total", server | own, values)
        if number == 2:
            _failures(found, server | own)
    grpc = {"destination_service": LEDGER, "destination_workload": "ledger"}
    own = {"pod": "ledger-0", "instance": "10.0.2.0:15020", "request_protocol": "grpc"}
    for status, values in (
        ("0", _running(20, size)),
        ("14", 3.0 + 7.0 * (np.arange(size) >= hour(21, 13))),
    ):
        found.add(
            "istio_requests_total", server | grpc | own | {"grpc_response_status": status}, values
        )


def _failures(found: Proxies, own: dict[str, str]) -> None:
    """The first failure of the mesh at 20:02, twelve more at 20:33; clients that gave up."""
    minutes = np.arange(len(found.times_ms))
    bad = {"response_code": "503", "response_flags": "-"}
    values = np.where(minutes < hour(20, 2), np.nan, 1.0 + 12.0 * (minutes >= hour(20, 33)))
    found.add("istio_requests_total", own | bad, values)
    gone = {"response_code": "0", "response_flags": "DC"}
    found.add("istio_requests_total", own | gone, 5.0 + 2.0 * (minutes >= hour(8, 7)))
    fine = {"response_code": "404"}
    found.add("istio_requests_total", own | fine, _running(1, len(minutes)))


def _envoy(found: Proxies) -> None:
    """Retries and requests under way, of three clusters; other statistics are not exposed."""
    minutes = np.arange(len(found.times_ms))
    for number, pod in enumerate(CLIENTS):
        alive = (minutes <= hour(10)) if number == 1 else (minutes > hour(10)) | (number == 0)

        def shown(values: object, alive: NDArray[np.bool_] = alive) -> NDArray[np.float64]:
            return np.where(alive, values, np.nan)

        burst = (minutes > hour(5)) & (minutes <= hour(6)) & (number == 0)
        retries = 7.0 * (number < 2) + 2.0 * np.cumsum(burst)  # a new proxy begins at zero
        active = np.where(burst & (minutes == hour(5, 20)), 17.0, 3.0 * (number == 0))
        idle = "outbound|80||idle.shop.svc.cluster.local"
        for name in (OUTBOUND, "inbound|8080||", "xds-grpc", "BlackHoleCluster"):
            found.envoy("upstream_rq_retry", pod, shown(retries), name)
            found.envoy("upstream_rq_active", pod, shown(active), name)
        found.envoy("upstream_rq_retry", pod, shown(0.0 * minutes), idle)
        found.envoy("upstream_rq_active", pod, shown(0.0 * minutes), idle)
        found.envoy("upstream_rq_pending_overflow", pod, shown(0.0 * minutes), OUTBOUND)
