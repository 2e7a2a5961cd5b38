"""The frames about single proxies, drawn from a truth: which pod had how many of the requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.demo.draw import EdgeCounts
from observe.demo.pods import pods_of
from observe.demo.process import CELL_SECONDS
from observe.demo.rhythm import CELLS
from observe.demo.stream import Floats, Outcome
from observe.demo.truth import Workload
from observe.telemetry import frames

#: Keeps these draws apart from those of the counts.
_SEED = 0x686F7374
#: Port at which Istio's agent shows the metrics of a pod's proxy and application.
_PORT = "15020"


def proxies_frame(
    counts: list[EdgeCounts], seed: int, hours: NDArray[np.int64], start: pd.Timestamp
) -> pd.DataFrame:
    """The frame PROXIES: requests fall on the pods of the reporter by their shares."""
    parts = [frames.PROXIES.empty()]
    for one in counts:
        per_pod = _per_pod(one, seed, hours).sum(axis=2)
        total = per_pod.sum(axis=0)
        (at,) = np.nonzero(total)
        columns = {
            "time": _times(start, 3600, at),
            "edge": one.number,
            "proxies": (per_pod > 0).sum(axis=0)[at].astype(np.float64),
            "busiest_share": per_pod.max(axis=0)[at] / total[at],
        }
        parts.append(pd.DataFrame(columns))
    return frames.PROXIES.conform(pd.concat(parts[1:] or parts))


def hosts_frame(
    counts: list[EdgeCounts], seed: int, hours: NDArray[np.int64], start: pd.Timestamp
) -> pd.DataFrame:
    """The frame HOSTS: what each pod of a service served, of all clients."""
    parts = [frames.HOSTS.empty()]
    for one in _served(counts):
        per_pod = _per_pod(one, seed, hours).sum(axis=2)
        pod, at = np.nonzero(per_pod)
        keys = _host_columns(one, pod)
        parts.append(
            pd.DataFrame({"time": _times(start, 3600, at), **keys, "requests": per_pod[pod, at]})
        )
    return _summed(parts, frames.HOSTS)


def host_errors_frame(
    counts: list[EdgeCounts], seed: int, hours: NDArray[np.int64], start: pd.Timestamp
) -> pd.DataFrame:
    """The frame HOST_ERRORS: what each pod of a service failed to answer, of all clients."""
    parts = [frames.HOST_ERRORS.empty()]
    for one in _served(counts):
        for outcome, cells in _outcomes(one, seed, hours):
            if not _is_error(outcome):
                continue
            by_cell = cells.reshape(len(cells), -1)
            pod, at = np.nonzero(by_cell)
            columns = {
                "time": _times(start, CELL_SECONDS, at),
                **_host_columns(one, pod),
                "code": outcome.code,
                "grpc_status": outcome.grpc_status,
                "requests": by_cell[pod, at],
            }
            parts.append(pd.DataFrame(columns))
    return _summed(parts, frames.HOST_ERRORS)


def _served(counts: list[EdgeCounts]) -> list[EdgeCounts]:
    return [one for one in counts if one.reporter == "destination"]


def _owner(counts: EdgeCounts) -> Workload:
    source = counts.reporter == "source"
    return counts.edge.client if source else counts.edge.service.workload


def _per_pod(counts: EdgeCounts, seed: int, hours: NDArray[np.int64]) -> Floats:
    """Requests of each pod per five minutes, shape (P, H, 12)."""
    pods = _pods(_owner(counts))
    total = np.zeros((len(pods), len(hours), CELLS))
    for _, cells in _outcomes(counts, seed, hours):
        total += cells
    return total


def _outcomes(
    counts: EdgeCounts, seed: int, hours: NDArray[np.int64]
) -> Iterator[tuple[Outcome, Floats]]:
    """What each pod had per five minutes, shape (P, H, 12), outcome by outcome; always the same."""
    rng = np.random.default_rng([seed, counts.number, _SEED])
    owner = _owner(counts)
    alive = _alive(owner, hours)
    at_source = counts.reporter == "source"
    for stream, seen in counts.drawn:
        shares: Sequence[float] | None = owner.shares if at_source else stream.hosts
        shares = shares or (1 / owner.replicas,) * owner.replicas
        by_slot = rng.multinomial(seen.astype(np.int64), shares).astype(np.float64)
        per_pod = [by_slot[:, :, slot] * mask for slot, mask in alive]
        outcome = stream.outcome if at_source else stream.server_outcome or stream.outcome
        yield outcome, np.array(per_pod)


def _pods(owner: Workload) -> list[str]:
    """Addresses of all pods that a workload has in the window."""
    slots = range(owner.replicas)
    return [f"{pod.address}:{_PORT}" for slot in slots for pod in pods_of(owner, slot)]


def _alive(owner: Workload, hours: NDArray[np.int64]) -> list[tuple[int, Floats]]:
    """For each pod its replica slot, and 1 in the five minutes in which it exists, (H, 12)."""
    at = hours[:, None] + np.arange(CELLS) / CELLS + 1e-9
    return [
        (slot, ((at >= pod.first_hour) & (at < pod.end_hour)).astype(np.float64))
        for slot in range(owner.replicas)
        for pod in pods_of(owner, slot)
    ]


def _host_columns(counts: EdgeCounts, pod: NDArray[np.int64]) -> dict[str, object]:
    service = counts.edge.service
    server = service.workload
    values = (server.cluster, service.host, server.namespace)
    known: dict[str, object] = dict(zip(frames.HOST_KEYS, values, strict=False))
    return {**known, "host": np.array(_pods(server), dtype=object)[pod]}


def _is_error(outcome: Outcome) -> bool:
    return (
        outcome.code.startswith("5") or outcome.code == "0" or outcome.grpc_status not in ("", "0")
    )


def _summed(parts: list[pd.DataFrame], spec: frames.FrameSpec) -> pd.DataFrame:
    """Rows of several clients of a service added up."""
    rows = pd.concat(parts[1:] or parts)
    keys = [c for c in spec.columns if c != "requests"]
    summed = rows.groupby(keys, observed=True)["requests"].sum()
    return spec.conform(summed.reset_index())


def _times(start: pd.Timestamp, step: int, at: NDArray[np.int64]) -> pd.DatetimeIndex:
    offsets = at.astype(np.int64) * np.int64(step * 1_000_000_000)
    return pd.DatetimeIndex(np.int64(start.as_unit("ns").value) + offsets, tz="UTC")
