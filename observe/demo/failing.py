"""How tries fail, one by one, and which of them a proxy tries again.

Unlike :class:`observe.demo.truth.Failure`, which says how many requests end in one way, a process
says what happens to each try. So it is known what a retry would have done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from observe.demo.mixture import Mixture

#: What makes tries fail.
#: independent: each by itself; outage: all of them in some spans; bad_host: those that reach some
#: of the hosts; overload: the more, the busier the service is; poison: some requests, however
#: often they are tried; after_work: each by itself, but the server has done the work.
Nature = Literal["independent", "outage", "bad_host", "overload", "poison", "after_work"]

#: Where Istio's default applies, this is retried.
#: Source: Istio's pilot/pkg/networking/core/route/retry/retry.go, from 1.24 on.
DEFAULT_RETRY_ON = frozenset({"connect-failure", "refused-stream", "unavailable", "cancelled"})

#: Overload never fails more than this share of the tries.
_MOST_OVERLOAD = 0.95

_GRPC_CONDITIONS = {
    "1": "cancelled",
    "4": "deadline-exceeded",
    "8": "resource-exhausted",
    "13": "internal",
    "14": "unavailable",
}


@dataclass(frozen=True)
class FailureProcess:
    """Something that makes tries fail.

    Attributes:
        chance: that a try (poison: a request) fails where and while the process acts; overload:
            at twice the knee.
        latency: how long a try that fails takes.
        active: (first hour, hours) of the spans in which it acts, to the second; empty: always.
        bad_hosts: of a bad_host: how many; the last ones of the workload's replicas.
        knee: of an overload: the load, relative to the everyday peak, from which on tries fail.
        slowdown: of an overload: at twice the knee everything takes `1 + slowdown` times as long.
        before_work: a stream that was reset before the server saw the request.
    """

    nature: Nature
    code: str
    flags: str
    chance: float
    latency: Mixture
    grpc_status: str = ""
    active: tuple[tuple[float, float], ...] = ()
    bad_hosts: int = 0
    knee: float = 1.0
    slowdown: float = 0.0
    before_work: bool = False

    @property
    def conditions(self) -> frozenset[str]:
        """Words of `retryOn` that match such a failure.

        Source: Envoy's documentation of `x-envoy-retry-on` and `x-envoy-retry-grpc-on`. What a
        breaker refused, and what found no healthy host, is never tried again.
        """
        if self.flags in ("UO", "UH"):
            return frozenset()
        if self.flags in ("UF", "UC", "UR"):
            found = {"5xx", "gateway-error", "reset"}
            if self.flags == "UF":
                found |= {"connect-failure", "reset-before-request"}
            elif self.before_work:
                found |= {"refused-stream", "reset-before-request"}
            return frozenset(found)
        if self.grpc_status:
            return frozenset({_GRPC_CONDITIONS.get(self.grpc_status, "")} - {""})
        found = {self.code}
        found |= {"5xx"} if self.code.startswith("5") else set()
        found |= {"gateway-error"} if self.code in ("502", "503", "504") else set()
        return frozenset(found)

    def overload(self, load: float) -> float:
        """Share of the tries that fail at a load; 0 below the knee."""
        return min(_MOST_OVERLOAD, self.chance * max(0.0, load / self.knee - 1.0))


@dataclass(frozen=True)
class Retries:
    """What the clients' proxies try again; the default is Istio's.

    Attributes:
        attempts: retries of one request.
        retry_on: conditions, as `retryOn` names them.
    """

    attempts: int = 2
    retry_on: frozenset[str] = DEFAULT_RETRY_ON

    def again(self, failure: FailureProcess) -> bool:
        """Whether a try that failed like this is tried again, attempts permitting."""
        return self.attempts > 0 and bool(failure.conditions & self.retry_on)
