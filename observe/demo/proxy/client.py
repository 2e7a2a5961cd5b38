"""One client proxy: its pool, its retries under way, and how it chooses hosts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from observe.demo.failing import FailureProcess
from observe.demo.proxy.chance import Chance
from observe.demo.proxy.ejection import Ejections
from observe.demo.proxy.result import Levels
from observe.demo.proxy.scenario import OutlierDetection, ProxyPolicy

#: Istio's host_selection_retry_max_attempts.
_LOOKS = 5

_NEVER = OutlierDetection(consecutive_5xx=0)


@dataclass
class Request:
    """A request that is under way.

    Attributes:
        proxy: number of the client proxy.
        poison: what fails each of its tries, if anything.
        token: number of the try that counts; events of earlier ones are void.
        holds_retry: whether it counts as a retry under way.
    """

    arrived: float
    proxy: int
    poison: FailureProcess | None = None
    retries: int = 0
    token: int = 0
    host: int | None = None
    tried: list[int] = field(default_factory=list)
    holds_retry: bool = False
    done: bool = False


class Client:
    """State of a client proxy.

    Args:
        policy: what it is told.
        hosts: of the service.
        chance: dice.
    """

    def __init__(self, policy: ProxyPolicy, hosts: int, chance: Chance) -> None:
        self.ejections = Ejections(policy.outliers or _NEVER, hosts)
        self.under_way = Levels()
        self.waiting: deque[Request] = deque()
        self.retrying = 0
        self._policy = policy
        self._chance = chance
        self._at_host = [0] * hosts
        self._next = chance.below(hosts)

    def admits(self) -> str:
        """What becomes of a try: `send`, `wait` or `refuse`."""
        pool = self._policy.pool
        if not self._policy.http2 and self.under_way.level >= pool.max_connections:
            return "wait" if len(self.waiting) < pool.max_pending else "refuse"
        return "send" if self.under_way.level < pool.max_requests else "refuse"

    def may_retry(self) -> bool:
        """Whether the budget, or `max_retries`, has room for one more retry.

        Source: Envoy's circuit breakers: a budget is a percent of the requests that are under way
        or wait, but never below `minRetryConcurrency`.
        """
        percent = self._policy.budget_percent
        if percent is None:
            return self.retrying < self._policy.max_retries
        active = self.under_way.level + len(self.waiting)
        return self.retrying < max(self._policy.min_retry_concurrency, percent / 100 * active)

    def choose(self, request: Request) -> int | None:
        """The host of the next try; None when there is none."""
        hosts = self.ejections.usable()
        if not hosts:
            return None
        host = self._pick(hosts)
        if self._policy.avoid_previous_hosts:
            for _ in range(_LOOKS if request.tried else 0):
                if host not in request.tried:
                    break
                host = self._pick(hosts)
        return host

    def sent(self, host: int, now: float) -> None:
        """A try has begun."""
        self.under_way.change(1, now)
        self._at_host[host] += 1

    def ended(self, host: int, now: float) -> None:
        """A try is over."""
        self.under_way.change(-1, now)
        self._at_host[host] -= 1

    def _pick(self, hosts: list[int]) -> int:
        if self._policy.balancing == "ROUND_ROBIN":
            self._next += 1
            return hosts[self._next % len(hosts)]
        one = hosts[self._chance.below(len(hosts))]
        if self._policy.balancing == "RANDOM":
            return one
        other = hosts[self._chance.below(len(hosts))]
        return other if self._at_host[other] < self._at_host[one] else one
