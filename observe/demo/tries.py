"""From processes that make tries fail to the ends that requests come to, tries included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from observe.demo.failing import FailureProcess, Retries
from observe.demo.rhythm import CELLS
from observe.demo.stream import Floats, Outcome, Stream, succeeding
from observe.demo.truth import Edge, Service

#: Envoy waits before the nth retry for a random time up to (2^n - 1) times this (ms).
#: Source: Envoy's router documentation, `x-envoy-max-retries`.
BACKOFF_MS = 25.0

#: Ends that fewer requests than this are expected to come to in the whole window are left out.
_NEGLIGIBLE = 0.01


@dataclass(frozen=True)
class _Setting:
    """What holds for the tries of some requests: the same processes act on all of them."""

    service: Service
    policy: Retries
    good: tuple[tuple[FailureProcess, Floats], ...]
    bad: tuple[tuple[FailureProcess, Floats], ...]
    bad_hosts: int
    scale: Floats

    def kinds(self, used: tuple[bool, ...]) -> Iterator[tuple[bool, float]]:
        """Chances that the next try goes to a bad host or to another, unlike the ones before."""
        replicas = self.service.workload.replicas
        left, bad = replicas - len(used), self.bad_hosts - sum(used)
        if left <= 0:  # all hosts have been tried
            left, bad = replicas, self.bad_hosts
        for is_bad, hosts in ((True, bad), (False, left - bad)):
            if hosts > 0:
                yield is_bad, hosts / left

    def hosts(self, bad: bool) -> tuple[float, ...]:
        """Share of the tries that each replica gets."""
        replicas = self.service.workload.replicas
        healthy = replicas - self.bad_hosts
        if bad:
            return (0.0,) * healthy + (1 / self.bad_hosts,) * self.bad_hosts
        return (1 / healthy,) * healthy + (0.0,) * self.bad_hosts


_Failed = tuple[tuple[FailureProcess, bool], ...]


def tried(
    edge: Edge, expected: Floats, load: Floats, scale: Floats, hours: NDArray[np.int64]
) -> Iterator[Stream]:
    """All ends that the requests of an edge come to, with the tries that each of them took.

    Args:
        edge: of a service that has processes or retries.
        expected: requests in each five minutes, shape (H, 12).
        load: of the service, relative to its everyday peak, shape (H, 12).
        scale: factor on the durations in each hour, shape (H,).
        hours: shape (H,).
    """
    service = edge.service
    policy = service.retries or Retries(attempts=0)
    for acting, share in _regimes(service.processes, hours):
        left = expected * share
        for process in acting:
            if process.nature == "poison":
                repeats = policy.attempts if policy.again(process) else 0
                setting = _setting(service, policy, (), load, scale)
                failed = ((process, False),) * (repeats + 1)
                yield from _failing(setting, expected * share * process.chance, failed)
                left = np.maximum(0.0, left - expected * share * process.chance)
        setting = _setting(service, policy, acting, load, scale)
        yield from _walk(setting, left, ())


def occupancy(hours: NDArray[np.int64], spans: tuple[tuple[float, float], ...]) -> Floats:
    """Share of each five minutes that lies in one of the spans (first hour, hours), 0-1."""
    first = hours[:, None] + np.arange(CELLS) / CELLS
    covered = np.zeros(first.shape)
    for start, length in spans:
        begin = np.maximum(first, start)
        end = np.minimum(first + 1 / CELLS, start + length)
        covered += np.maximum(0.0, end - begin) * CELLS
    return np.minimum(1.0, covered)


def _regimes(
    processes: tuple[FailureProcess, ...], hours: NDArray[np.int64]
) -> list[tuple[tuple[FailureProcess, ...], Floats]]:
    """Sets of processes that act at the same time, and the share of each five minutes they do."""
    lasting = tuple(p for p in processes if not p.active)
    found = [(lasting, np.ones((len(hours), CELLS)))]
    for process in processes:
        if not process.active:
            continue
        during = occupancy(hours, process.active)
        found = [
            *((acting, share * (1 - during)) for acting, share in found),
            *(((*acting, process), share * during) for acting, share in found),
        ]
    return [(acting, share) for acting, share in found if share.any()]


def _setting(
    service: Service,
    policy: Retries,
    acting: tuple[FailureProcess, ...],
    load: Floats,
    scale: Floats,
) -> _Setting:
    broken = [p for p in acting if p.nature == "bad_host"]
    others = [p for p in acting if p.nature not in ("bad_host", "poison")]
    others.sort(key=lambda p: p.nature != "outage")  # nothing else happens in an outage
    return _Setting(
        service,
        policy,
        _shares(others, load),
        _shares([*broken, *others], load),
        max((p.bad_hosts for p in broken), default=0),
        scale,
    )


def _shares(
    processes: list[FailureProcess], load: Floats
) -> tuple[tuple[FailureProcess, Floats], ...]:
    """Share of the tries that each process fails, those before it left out."""
    left = np.ones_like(load)
    found = []
    for process in processes:
        chance = np.full_like(load, process.chance)
        if process.nature == "overload":
            chance = np.vectorize(process.overload, otypes=[np.float64])(load)
        found.append((process, left * chance))
        left = left * (1 - chance)
    return tuple(found)


def _walk(setting: _Setting, expected: Floats, failed: _Failed) -> Iterator[Stream]:
    """Ends of requests whose tries have failed like this so far."""
    if expected.sum() < _NEGLIGIBLE:
        return
    for bad, chance in setting.kinds(tuple(is_bad for _, is_bad in failed)):
        arriving = expected * chance
        good = arriving
        for process, share in setting.bad if bad else setting.good:
            lost = arriving * share
            good = good - lost
            history = (*failed, (process, bad))
            if len(failed) < setting.policy.attempts and setting.policy.again(process):
                yield from _walk(setting, lost, history)
            else:
                yield from _failing(setting, lost, history)
        yield from _succeeding(setting, np.maximum(good, 0.0), failed, bad)


def _failing(setting: _Setting, expected: Floats, failed: _Failed) -> Iterator[Stream]:
    if expected.sum() < _NEGLIGIBLE:
        return
    last = failed[-1][0]
    outcome = Outcome(last.code, last.flags, last.grpc_status)
    if setting.policy.again(last):
        flags = "URX" if last.flags == "-" else f"{last.flags},URX"
        outcome = replace(outcome, flags=flags)
    latency = last.latency.shifted(_delay_ms(failed[:-1]))
    tries = _served(setting, expected, failed)
    yield Stream(outcome, expected, latency, setting.scale, tries=tries, retries=len(failed) - 1)


def _succeeding(
    setting: _Setting, expected: Floats, failed: _Failed, bad: bool
) -> Iterator[Stream]:
    if expected.sum() < _NEGLIGIBLE:
        return
    service, scale = setting.service, setting.scale
    late = replace(service, latency=service.latency.shifted(_delay_ms(failed)))
    earlier = _served(setting, expected, failed)
    for stream in succeeding(late, expected, scale):
        last = replace(stream, hosts=setting.hosts(bad))
        if stream.outcome.flags == "-":  # the delay is the client's
            last = replace(last, latency=service.latency)
        yield replace(stream, tries=(*earlier, last), retries=len(failed))


def _served(setting: _Setting, expected: Floats, failed: _Failed) -> tuple[Stream, ...]:
    """The tries that failed, as streams of their own."""
    return tuple(
        Stream(
            Outcome(process.code, process.flags, process.grpc_status),
            expected,
            process.latency,
            setting.scale,
            hosts=setting.hosts(bad),
        )
        for process, bad in failed
    )


def _delay_ms(failed: _Failed) -> float:
    """How much later the next try begins than the request did, on average."""
    mean = sum(float(p.latency.partial_mean(np.array([1e12]))[0]) for p, _ in failed)
    pauses = [BACKOFF_MS * float(2**n - 1) / 2 for n in range(1, len(failed) + 1)]
    return mean + sum(pauses)
