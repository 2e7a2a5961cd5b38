"""Random numbers for the proxies, drawn in blocks: durations, and how tries end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from observe.demo.failing import FailureProcess
from observe.demo.mixture import Component, Mixture
from observe.demo.proxy.scenario import Scenario

Floats = NDArray[np.float64]

_BLOCK = 8_192


def sample(mixture: Mixture, rng: np.random.Generator, count: int) -> Floats:
    """Durations (ms) that follow a mixture, shape (count,)."""
    weights = np.array([c.weight for c in mixture.components])
    which = rng.choice(len(weights), count, p=weights / weights.sum())
    found = np.zeros(count)
    for number, component in enumerate(mixture.components):
        chosen = which == number
        found[chosen] = _component(component, rng, int(chosen.sum())) + component.shift_ms
    return found


def _component(component: Component, rng: np.random.Generator, count: int) -> Floats:
    scale, shape = component.scale_ms, component.shape
    if component.kind == "lognormal":
        return scale * np.exp(shape * rng.standard_normal(count))
    if component.kind == "gamma":
        return rng.gamma(shape, scale / shape, count)
    if component.kind == "pareto":
        return scale * (1.0 + rng.pareto(shape, count))
    return np.full(count, scale)


class Chance:
    """The dice of a run; the same seed throws the same.

    Args:
        scenario: what is drawn for.
        seed: of everything.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._rng = np.random.default_rng(seed)
        self._uniform = _endless(self._rng.random)
        self._good = self._durations(scenario.latency)
        self._bad = {p: self._durations(p.latency) for p in scenario.processes}
        self._tries = [p for p in scenario.processes if p.nature != "poison"]
        self._tries.sort(key=lambda p: p.nature != "outage")
        self._poison = [p for p in scenario.processes if p.nature == "poison"]

    def uniform(self) -> float:
        """In [0, 1)."""
        return next(self._uniform)

    def below(self, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return int(next(self._uniform) * count)

    def arrivals(self, seconds: float) -> list[tuple[float, int]]:
        """Moments (s) at which requests arrive, and at which client proxy, in order."""
        count = int(self._rng.poisson(self._scenario.rps * seconds))
        times = np.sort(self._rng.random(count) * seconds)
        shares = self._scenario.shares
        at = self._rng.choice(len(shares), count, p=shares)
        return list(zip(times.tolist(), at.tolist(), strict=True))

    def poison(self) -> FailureProcess | None:
        """What fails a request however often it is tried; mostly nothing."""
        for process in self._poison:
            if self.uniform() < process.chance:
                return process
        return None

    def failure(self, host: int, now: float) -> FailureProcess | None:
        """What fails a try that reaches this host at this moment (s), or nothing."""
        for process in self._tries:
            if process.nature == "bad_host" and not self.is_bad(host, process):
                continue
            if not acts(process, now):
                continue
            chance = process.chance
            if process.nature == "overload":
                chance = process.overload(self._scenario.load)
            if self.uniform() < chance:
                return process
        return None

    def failing(self, host: int, now: float) -> bool:
        """Whether a host is one that fails by itself at this moment."""
        return any(
            p.nature == "bad_host" and self.is_bad(host, p) and acts(p, now) for p in self._tries
        )

    def is_bad(self, host: int, process: FailureProcess) -> bool:
        """Whether a process that makes some hosts fail has this host."""
        return host >= self._scenario.hosts - process.bad_hosts

    def seconds(self, failure: FailureProcess | None) -> float:
        """How long a try takes that ends like this."""
        durations = self._good if failure is None else self._bad[failure]
        return (next(durations) + self._scenario.overhead_ms) / 1000

    def _durations(self, mixture: Mixture) -> Iterator[float]:
        return _endless(lambda count: sample(mixture, self._rng, count))


def acts(process: FailureProcess, now: float) -> bool:
    """Whether a process acts at a moment (s after the start of the run)."""
    hour = now / 3600
    return not process.active or any(a <= hour < a + length for a, length in process.active)


def _endless(draw: Callable[[int], Floats]) -> Iterator[float]:
    while True:
        yield from draw(_BLOCK).tolist()
