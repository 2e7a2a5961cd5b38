"""From what the proxies need to the limits of a pool."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_need import LEVEL, Need, Steps, need_of
from observe.recommend.reasons import Reason
from observe.signals.concurrency import TargetLoad
from observe.stats.occupancy import quantile

#: Worker threads of a sidecar: Istio's charts give it two CPUs, and each has a thread.
#: Connections of HTTP/1.1 are kept by each thread for each server.
WORKERS = 2


@dataclass(frozen=True)
class PoolEstimate:
    """The limits, and what they were made from.

    Attributes:
        requests: `http2MaxRequests`, for HTTP/1.1 as well.
        connections: `maxConnections`; None where HTTP/2 shares a few.
        pending: `http1MaxPendingRequests`.
        inbound: the same of the servers' side alone, where it is far below; None else.
        clients: what each client needs, the neediest first.
        server: what a server needs; None where nothing limits it.
        gauge: the most requests under way that Envoy showed; None when it shows none.
        gauge_decides: whether the limit comes from the gauge.
        tries: factor on the load that was allowed for.
        shaped_by: reason codes of the rules that moved the limits.
    """

    requests: int
    connections: int | None
    pending: int
    inbound: int | None
    clients: tuple[Need, ...]
    server: Need | None
    gauge: float | None
    gauge_decides: bool
    tries: float
    shaped_by: tuple[Reason, ...]

    @property
    def client(self) -> Need:
        """The neediest client."""
        return self.clients[0]

    @property
    def neediest(self) -> Need:
        """The side whose need is larger."""
        return max([self.client, *([self.server] if self.server else [])], key=lambda n: n.high)

    @property
    def limits(self) -> Mapping[str, int]:
        """The fields of a connectionPool that are set."""
        found = {"http2MaxRequests": self.requests, "http1MaxPendingRequests": self.pending}
        return found if self.connections is None else {"maxConnections": self.connections, **found}


def estimate_pool(
    load: TargetLoad, policy: PoolPolicy, steps: Steps, tries: float, gauge: float | None
) -> PoolEstimate | None:
    """The limits that some steps support; None where nothing was under way.

    Args:
        load: both sides of a target.
        policy: the knobs.
        steps: which steps to learn from.
        tries: factor on the load that retries may add.
        gauge: the most requests under way that Envoy showed in one proxy.
    """
    found = [need_of(client, policy, steps) for client in load.clients]
    clients = sorted((n for n in found if n), key=lambda n: (-n.high, n.load.name))
    if not clients:
        return None
    server = None
    if load.server is not None:
        server = need_of(load.server, policy, steps, spread=True)
    here = max(_limit(need, policy) for need in clients) * tries
    there = _limit(server, policy) * tries if server else 0.0
    shown = 0.0 if gauge is None else _by_gauge(gauge, clients[0], policy)
    limit = round_up(max(here, there, shown, policy.least_limit))
    inbound = round_up(max(there, policy.least_limit))
    tighter = bool(server) and inbound * policy.loose_factor <= limit
    return PoolEstimate(
        requests=limit,
        connections=None if load.protocols == {"grpc"} else _connections(limit, clients, server),
        pending=limit,
        inbound=inbound if tighter else None,
        clients=tuple(clients),
        server=server,
        gauge=gauge,
        gauge_decides=shown > max(here, there, policy.least_limit),
        tries=tries,
        shaped_by=_shaped_by(policy, limit, here, there, shown, clients, server, tries),
    )


def round_up(value: float) -> int:
    """The next number of two significant digits, so that small changes do not show."""
    whole = math.ceil(value - 1e-9)
    size = int(10 ** max(0, len(str(whole)) - 2))
    return -(-whole // size) * size


def _limit(need: Need, policy: PoolPolicy) -> float:
    """Room above the upper end of the need; incidents are let through without more room.

    One proxy less than the fewest must fit: a rollout, or a host that is gone. An incident that
    filled far more than any normal hour is what a breaker is for.
    """
    fewest = need.load.share.fewest or 1
    room = max(policy.headroom, fewest / (fewest - 1) if fewest > 1 else 0.0)
    by_chance = need.number + math.sqrt(need.number)
    incident = min(need.in_incidents, policy.loose_factor * need.number)
    return max(room * need.high, by_chance, incident)


def _by_incident(need: Need, policy: PoolPolicy) -> bool:
    """Whether an incident had more under way than the room above the need lets through."""
    return need.in_incidents > policy.headroom * need.high


def _by_gauge(gauge: float, client: Need, policy: PoolPolicy) -> float:
    """The gauge and chance on top of it, as far as the traffic makes it credible."""
    return min(gauge + math.sqrt(gauge), policy.loose_factor * policy.headroom * client.high)


def _connections(limit: int, clients: list[Need], server: Need | None) -> int:
    """HTTP/1.1 connections: each thread keeps its own for each server, idle ones included.

    What all of them keep is the sum of the most that each needed, which is more than the most of
    the sum. Where the number of servers is not known, the limit on requests alone counts.
    """
    servers = server.load.share.usual if server else None
    if not servers:
        return limit
    places = WORKERS * math.ceil(servers)
    each = [quantile([need.mean / places], LEVEL, need.how) for need in clients]
    return round_up(max(limit, places * max(each)))


def _shaped_by(
    policy: PoolPolicy,
    limit: int,
    here: float,
    there: float,
    shown: float,
    clients: list[Need],
    server: Need | None,
    tries: float,
) -> tuple[Reason, ...]:
    sides = [*clients, *([server] if server else [])]
    largest = max(sides, key=lambda need: _limit(need, policy))
    fewest, decided = largest.load.share.fewest, limit > policy.least_limit
    rules = {
        Reason.POOL_LEAST_LIMIT: max(here, there, shown) <= policy.least_limit == limit,
        Reason.POOL_SERVERS_NEED_MORE: there > max(here, policy.least_limit),
        Reason.POOL_GAUGE_HIGHER: shown > max(here, there, policy.least_limit),
        Reason.POOL_ROOM_FOR_TRIES: tries > 1.0,
        Reason.POOL_ONE_PROXY_LESS: decided and fewest == 2 and policy.headroom < 2,
        Reason.POOL_TRAFFIC_GROWS: any(need.growth > 1.1 for need in sides),
        Reason.POOL_INCIDENT_HELD: decided and _by_incident(largest, policy),
    }
    return tuple(reason for reason, holds in rules.items() if holds)
