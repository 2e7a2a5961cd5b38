"""Spans in which one host of a service fails while the others do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from observe.signals.hosts import ServiceHosts

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A host fails alone when this share of its answers are errors, this many at least,
FAILING_SHARE, FAILING_ERRORS = 0.1, 5.0
#: that many times the share of the other hosts, and by chance less often than this.
_TIMES_OTHERS, _BY_CHANCE = 3.0, 1e-6
#: A service most of whose answers are errors is out altogether.
OUTAGE_SHARE = 0.5


@dataclass(frozen=True)
class Episode:
    """A span in which one host failed while the others did not.

    Attributes:
        host: name of the host.
        start: first fine step (number since the start of the window).
        steps: how many fine steps.
        requests: requests that the host had in it.
        errors: errors among them.
        gateway: those among the errors that are 502, 503 or 504.
    """

    host: str
    start: int
    steps: int
    requests: float
    errors: float
    gateway: float


def failing_alone(hosts: ServiceHosts) -> Mask:
    """Fine steps in which a host fails and the others do not (H, T).

    Never more than half of the hosts in one step: that is how the service fails as a whole.
    """
    mask = np.zeros(hosts.requests.shape, dtype=np.bool_)
    if len(hosts.names) < 2:
        return mask
    for _ in range(2):  # in the second pass other failing hosts no longer count as "the others"
        mask = _stand_out(hosts, mask)
    active = (hosts.requests > 0).sum(axis=0)
    alone: Mask = mask & (2 * mask.sum(axis=0) <= active)[None]
    return alone


def _stand_out(hosts: ServiceHosts, known: Mask) -> Mask:
    x, n = hosts.errors, hosts.requests
    rest_x, rest_n = np.where(known, 0.0, x), np.where(known, 0.0, n)
    others_x = rest_x.sum(axis=0, keepdims=True) - rest_x
    others_n = rest_n.sum(axis=0, keepdims=True) - rest_n
    others = (others_x + 0.5) / (others_n + 1.0)
    share = np.divide(x, n, out=np.zeros_like(x), where=n > 0)
    mask: Mask = (x >= FAILING_ERRORS) & (share >= FAILING_SHARE) & (others_n > 0)
    mask &= (share >= _TIMES_OTHERS * others) & (others <= OUTAGE_SHARE)
    at = np.nonzero(mask)
    chance = betainc(x[at], np.maximum(n[at] - x[at], 0.0) + 1.0, np.minimum(others[at], 1.0))
    mask[at] = chance < _BY_CHANCE
    return mask


def episodes_of(hosts: ServiceHosts, failing: Mask) -> tuple[Episode, ...]:
    """The spans of each host, in order of time; a gap of one step does not end one."""
    found: list[Episode] = []
    for i, name in enumerate(hosts.names):
        at = np.flatnonzero(failing[i])
        if at.size == 0:
            continue
        for run in np.split(at, np.flatnonzero(np.diff(at) > 2) + 1):
            span = slice(int(run[0]), int(run[-1]) + 1)
            sums = (float(part[i, span].sum()) for part in _parts(hosts))
            found.append(Episode(name, span.start, span.stop - span.start, *sums))
    return tuple(sorted(found, key=lambda episode: (episode.start, episode.host)))


def _parts(hosts: ServiceHosts) -> tuple[Floats, Floats, Floats]:
    return hosts.requests, hosts.errors, hosts.gateway
