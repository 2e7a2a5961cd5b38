"""How many proxies share the requests of a service, and how often one of them asks one host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.error_cells import Client, ErrorCells

Floats = NDArray[np.float64]
#: Proxies of a client workload per coarse step (C); None where nothing tells.
ProxiesOf = Callable[[Client], Floats | None]


@dataclass(frozen=True)
class Callers:
    """The client proxies of a target, as a typical request finds them.

    Attributes:
        proxies: proxies that share a host's requests.
        rate: requests a second that one of them sends to one host.
        known: whether the number of proxies is known for most requests (else each workload
            counts for one).
    """

    proxies: float
    rate: float
    known: bool


def callers_of(
    cells: ErrorCells, hosts: float, proxies_of: ProxiesOf, steps: tuple[int, int]
) -> Callers:
    """Rates weighed by requests: a request is likelier to come in a busy hour.

    Args:
        cells: requests of each client.
        hosts: usual number of hosts.
        proxies_of: proxies of each client workload.
        steps: fine steps in a coarse one, and seconds of a coarse step.
    """
    ratio, seconds = steps
    total = np.bincount(cells.step // ratio, cells.requests)
    rates = weights = known = 0.0
    for i, client in enumerate(cells.clients):
        own = cells.client == i
        if not own.any():
            continue
        n = np.bincount(cells.step[own] // ratio, cells.requests[own], total.size)
        seen = proxies_of(client)
        proxies = np.ones_like(n)
        if seen is not None:
            there = np.pad(seen, (0, max(0, n.size - seen.size)))[: n.size]
            proxies = np.where(there > 0, there, max(1.0, float(there.max(initial=1.0))))
            known += float(n.sum())
        rates += float(np.sum(n * n / (seconds * proxies * hosts)))
        weights += float(n.sum())
    typical = float(np.sum(total**2)) / (weights * seconds * hosts)
    rate = rates / weights
    return Callers(typical / rate, rate, known > 0.5 * weights)


def proxies_by_edge(frame: pd.DataFrame, steps: int) -> dict[int, Floats]:
    """Frame PROXIES (with a column `step`) as one row of numbers per edge (C)."""
    found: dict[int, Floats] = {}
    for edge, rows in zip(*_groups(frame["edge"].to_numpy(dtype=np.int64)), strict=True):
        part = frame.iloc[rows]
        numbers = part["proxies"].to_numpy(dtype=np.float64)
        counted = np.bincount(part["step"].to_numpy(dtype=np.int64), numbers, steps)
        found[int(edge)] = counted[:steps].astype(np.float64)
    return found


def _groups(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """The different keys, and where each of them stands."""
    order = np.argsort(keys, kind="stable")
    values, first = np.unique(keys[order], return_index=True)
    places = np.split(order, first[1:]) if values.size else []
    return values, [place.astype(np.int64) for place in places]
