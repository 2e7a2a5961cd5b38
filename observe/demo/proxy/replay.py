"""An hour of a mesh's week as a scenario for the proxies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from observe.demo.failing import FailureProcess
from observe.demo.process import arrivals, load_of, slowness
from observe.demo.proxy.scenario import Scenario
from observe.demo.truth import Truth


def scenario_at(
    truth: Truth, target: str, hour: int, most_requests: float
) -> tuple[Scenario, float]:
    """What clients send to a target in an hour, and for how many seconds to run that.

    The rate is that of the hour. Where an hour has too many requests it is made shorter, and the
    spans in which failures act with it, so that they cover the same share of the requests.

    Args:
        truth: the mesh, told when its window starts.
        target: `cluster/namespace/service`.
        hour: hours after the start of the window.
        most_requests: expected in the run.
    """
    edges = [edge for _, edge in truth.edges_of(target)]
    service = edges[0].service
    at = np.array([hour])
    sent = np.array([arrivals(truth, edge, at).sum() for edge in edges])
    slow = np.array([slowness(truth, edge, at)[0] for edge in edges])
    parts = zip(edges, sent.tolist(), strict=True)
    shares = [share * requests for edge, requests in parts for share in edge.client.shares]
    length = min(1.0, most_requests / float(sent.sum()))
    scenario = Scenario(
        latency=service.latency.scaled(float(slow @ sent / sent.sum())),
        rps=float(sent.sum()) / 3600,
        hosts=service.workload.replicas,
        shares=tuple(share / sum(shares) for share in shares),
        processes=_in_hour(service.processes, hour, length),
        load=float(load_of(truth, service, at).mean()),
    )
    return scenario, 3600 * length


def _in_hour(
    processes: tuple[FailureProcess, ...], hour: int, length: float
) -> tuple[FailureProcess, ...]:
    """Processes that act in an hour, their spans relative to its start and made shorter."""
    found = []
    for process in processes:
        spans = []
        for start, lasts in process.active:
            first, end = max(start, hour), min(start + lasts, hour + 1)
            if first < end:
                spans.append(((first - hour) * length, (end - first) * length))
        if spans or not process.active:
            found.append(replace(process, active=tuple(spans)))
    return tuple(found)
