"""The run itself: one event after another, in order of time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from itertools import count

import numpy as np

from observe.demo.failing import FailureProcess
from observe.demo.proxy.chance import Chance
from observe.demo.proxy.client import Client, Request
from observe.demo.proxy.result import Levels, Result
from observe.demo.proxy.scenario import ProxyPolicy, Scenario

#: Conditions of `retryOn` that match a try whose own timeout ended it.
_NO_ANSWER = frozenset({"reset", "5xx", "gateway-error"})
#: Conditions that match what the pool of a host's proxy refused: it answers 503.
_SHED = frozenset({"5xx", "gateway-error", "503"})
#: A host's proxy refuses within this (s).
_REFUSAL_S = 0.001


def run(scenario: Scenario, policy: ProxyPolicy, seconds: float, seed: int) -> Result:
    """Let clients call a service for a while.

    A request that is under way when the time is over comes to its end all the same. At a host's
    proxy nothing waits: what the limits do not admit is answered with 503 at once.

    Args:
        scenario: traffic and failures.
        policy: of the clients' proxies.
        seconds: in which requests arrive.
        seed: the same seed gives the same result.
    """
    return _Run(scenario, policy, seed).until(seconds)


class _Run:
    def __init__(self, scenario: Scenario, policy: ProxyPolicy, seed: int) -> None:
        self._policy = policy
        self._chance = Chance(scenario, seed)
        hosts = scenario.hosts
        self._clients = [Client(policy, hosts, self._chance) for _ in scenario.shares]
        self._at_host = [Levels() for _ in range(hosts)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._counts: Counter[str] = Counter()
        self._durations: list[float] = []

    def until(self, seconds: float) -> Result:
        arrivals = self._chance.arrivals(seconds)
        outliers = self._policy.outliers
        if outliers is not None:
            for tick in np.arange(outliers.interval_s, seconds, outliers.interval_s).tolist():
                self._at(tick, self._sweep)
        for moment, proxy in arrivals:
            self._drain(moment)
            self._now = moment
            self._arrive(Request(moment, proxy, self._chance.poison()))
        self._drain(np.inf)
        return self._result(len(arrivals))

    def _drain(self, moment: float) -> None:
        """All that happens before a moment."""
        while self._events and self._events[0][0] <= moment:
            self._now, _, happen = heapq.heappop(self._events)
            happen()

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), happen))

    def _sweep(self) -> None:
        for client in self._clients:
            client.ejections.sweep(self._now)

    def _arrive(self, request: Request) -> None:
        if self._policy.timeout_ms is not None:
            deadline = request.arrived + self._policy.timeout_ms / 1000
            self._at(deadline, lambda: self._time_is_up(request))
        self._try(request)

    def _try(self, request: Request) -> None:
        client = self._clients[request.proxy]
        fate = client.admits()
        if fate == "wait":
            client.waiting.append(request)
        elif fate == "refuse":
            self._counts["overflows"] += 1
            self._finish(request)
        else:
            self._send(request)

    def _send(self, request: Request) -> None:
        client = self._clients[request.proxy]
        host = client.choose(request)
        if host is None:
            self._finish(request)
            return
        request.token += 1
        token = request.token
        request.host = host
        request.tried.append(host)
        client.sent(host, self._now)
        self._counts["tries"] += 1
        shed = self._is_full(host)
        self._at_host[host].change(1, self._now)
        failure = request.poison or self._chance.failure(host, self._now)
        lasts = _REFUSAL_S if shed else self._chance.seconds(failure)
        limit = self._policy.try_timeout_ms
        if limit is not None and lasts > limit / 1000:
            self._at(self._now + limit / 1000, lambda: self._try_timeout(request, token))
        else:
            self._at(self._now + lasts, lambda: self._end(request, token, failure, shed))

    def _is_full(self, host: int) -> bool:
        level, limits = self._at_host[host].level, self._policy.inbound
        if level >= limits.max_requests:
            return True
        return not self._policy.http2 and level >= limits.max_connections + limits.max_pending

    def _end(
        self, request: Request, token: int, failure: FailureProcess | None, shed: bool
    ) -> None:
        if request.done or request.token != token:
            return
        self._counts["shed"] += shed
        if shed:
            again = bool(_SHED & self._policy.retries.retry_on)
            self._judge(request, 503, again=again)
        elif failure is None:
            self._judge(request, 200, again=False)
        else:
            self._judge(request, _status(failure), again=self._policy.retries.again(failure))

    def _try_timeout(self, request: Request, token: int) -> None:
        if request.done or request.token != token:
            return
        self._counts["try_timeouts"] += 1
        self._judge(request, 504, again=bool(_NO_ANSWER & self._policy.retries.retry_on))

    def _time_is_up(self, request: Request) -> None:
        if request.done:
            return
        self._counts["timeouts"] += 1
        self._release(request, 504)
        waiting = self._clients[request.proxy].waiting
        if request in waiting:
            waiting.remove(request)
        self._finish(request)

    def _judge(self, request: Request, code: int, *, again: bool) -> None:
        """A try has come to its end: the host is judged, and the request goes on or ends."""
        self._release(request, code)
        client = self._clients[request.proxy]
        if request.holds_retry:
            client.retrying -= 1
            request.holds_retry = False
        if code < 400:
            self._counts["successes"] += 1
            self._finish(request)
        elif again and request.retries < self._policy.retries.attempts:
            if client.may_retry():
                self._retry(request, client)
            else:
                self._counts["retry_overflows"] += 1
                self._finish(request)
        else:
            self._finish(request)

    def _retry(self, request: Request, client: Client) -> None:
        request.retries += 1
        request.holds_retry = True
        client.retrying += 1
        self._counts["retries"] += 1
        base = self._policy.backoff_ms
        pause = min((2**request.retries - 1) * base, 10 * base) * self._chance.uniform() / 1000

        def go() -> None:
            if not request.done:
                self._try(request)

        self._at(self._now + pause, go)

    def _release(self, request: Request, code: int) -> None:
        host, client = request.host, self._clients[request.proxy]
        if host is None:
            return
        request.host = None
        client.ended(host, self._now)
        self._at_host[host].change(-1, self._now)
        if client.ejections.saw(host, code, self._now):
            failing = self._chance.failing(host, self._now)
            self._counts["ejected_failing" if failing else "ejected_healthy"] += 1
        while client.waiting and client.admits() == "send":
            self._send(client.waiting.popleft())

    def _finish(self, request: Request) -> None:
        request.done = True
        if request.holds_retry:
            self._clients[request.proxy].retrying -= 1
            request.holds_retry = False
        self._durations.append((self._now - request.arrived) * 1000)

    def _result(self, requests: int) -> Result:
        counts = self._counts
        p50, p99 = np.quantile(self._durations, (0.5, 0.99)) if requests else (np.nan, np.nan)
        return Result(
            requests=requests,
            **{k: counts[k] for k in ("tries", "successes", "retries", "overflows", "shed")},
            **{k: counts[k] for k in ("retry_overflows", "timeouts", "try_timeouts")},
            ejections_failing=counts["ejected_failing"],
            ejections_healthy=counts["ejected_healthy"],
            ejection_overflows=sum(c.ejections.overflows for c in self._clients),
            concurrency_max=tuple(c.under_way.highest for c in self._clients),
            concurrency_p999=tuple(c.under_way.quantile(0.999) for c in self._clients),
            host_concurrency_p999=tuple(h.quantile(0.999) for h in self._at_host),
            p50_ms=float(p50),
            p99_ms=float(p99),
        )


def _status(failure: FailureProcess) -> int:
    """The HTTP status that outlier detection takes a failure for.

    Source of gRPC's mapping: Envoy's `Grpc::Utility::grpcToHttpStatus`.
    """
    if failure.grpc_status in ("", "0"):
        return int(failure.code)
    return {"1": 499, "4": 504, "8": 429, "13": 500, "14": 503}.get(failure.grpc_status, 500)
