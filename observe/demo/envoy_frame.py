"""The frame ENVOY, drawn from a truth whose mesh shows Envoy's statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from observe.demo.draw import EdgeCounts
from observe.demo.stream import Floats
from observe.demo.truth import Truth
from observe.telemetry import frames

_SEED = 0x656E766F
_PORT = "80"
_NOTHING = "-"


def envoy_frame(
    truth: Truth, counts: list[EdgeCounts], seed: int, start: pd.Timestamp, scrape_interval: float
) -> pd.DataFrame:
    """One row per client workload, service and hour; empty when the mesh shows nothing."""
    parts = [frames.ENVOY.empty()]
    if truth.envoy_stats:
        sources = [one for one in counts if one.reporter == "source"]
        parts += [_rows(one, seed, start, scrape_interval) for one in sources]
    return frames.ENVOY.conform(pd.concat(parts[1:] or parts))


def _rows(one: EdgeCounts, seed: int, start: pd.Timestamp, interval: float) -> pd.DataFrame:
    client, service = one.edge.client, one.edge.service
    hourly = [(stream, cells.sum(axis=1)) for stream, cells in one.drawn]
    hours = len(hourly[0][1]) if hourly else 0
    nothing = np.zeros(hours)
    retries = sum((stream.retries * n for stream, n in hourly), nothing)
    cured = [n for s, n in hourly if s.retries and s.outcome.flags == _NOTHING]
    overflows = sum((n for s, n in hourly if "UO" in s.outcome.flags.split(",")), nothing)
    active, connections = _active(one, seed, interval)
    columns = {
        "time": pd.date_range(start, periods=hours, freq="h").as_unit("ns"),
        "cluster": client.cluster,
        "namespace": client.namespace,
        "workload": client.name,
        "destination_service": service.host,
        "port": _PORT,
        "subset": "",
        "retries": retries,
        "retry_successes": sum((n for n in cured), nothing),
        "retry_overflows": 0.0,
        "pending_overflows": overflows,
        "active_overflows": 0.0,
        "cx_overflows": 0.0,
        "ejections": 0.0,
        "requests_active": active,
        "requests_pending": 0.0,
        "connections_active": connections,
    }
    return pd.DataFrame(columns)


def _active(one: EdgeCounts, seed: int, interval: float) -> tuple[Floats, Floats]:
    """Highest number of requests under way that any one proxy shows at a scrape, per hour.

    Arrivals are Poisson, so the requests under way are Poisson too, whatever their duration
    (M/G/inf). Connections stay open for a while: as many as there were at the busiest moment of
    some thousand.
    """
    rng = np.random.default_rng([seed, one.number, _SEED])
    scrapes = max(1, round(300 / interval))
    mean = under_way(one)
    busiest = np.zeros(len(mean))
    connections = np.zeros(len(mean))
    for share in one.edge.client.shares:
        seen = rng.poisson(mean[:, :, None] * share, (*mean.shape, scrapes)).max(axis=(1, 2))
        moments = rng.poisson(mean.max(axis=1)[:, None] * share, (len(mean), 1_000)).max(axis=1)
        busiest = np.maximum(busiest, seen)
        connections = np.maximum(connections, np.maximum(seen, moments))
    return busiest, connections


def under_way(one: EdgeCounts) -> Floats:
    """Mean number of requests under way in each five minutes, all proxies together, (H, 12)."""
    total = np.zeros(one.drawn[0][1].shape if one.drawn else (0, 12))
    for stream, cells in one.drawn:
        total += cells / 300 * stream.mean_ms[:, None] / 1000
    return total
