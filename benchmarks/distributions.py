"""Latency distributions of known truth (milliseconds), named after what makes them.

`FAMILY` is the fixed list that the benchmark prints one by one. `random_mixture` draws
distributions that nobody looked at while the estimator was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """A mixture of distributions, optionally cut at a point where the rest piles up."""

    name: str
    parts: tuple[tuple[float, Any], ...]
    pile_at: float = np.inf

    def sf(self, t: ArrayLike) -> Floats:
        """Share of requests slower than t."""
        at = np.asarray(t, dtype=np.float64)
        total = sum(weight for weight, _ in self.parts)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = sum(weight * np.nan_to_num(part.sf(at)) for weight, part in self.parts)
        return np.where(at >= self.pile_at, 0.0, share / total)

    def cdf(self, t: ArrayLike) -> Floats:
        """Share of requests no slower than t."""
        return 1.0 - self.sf(t)

    def ppf(self, q: float) -> float:
        """Duration that a share q of the requests does not exceed, by bisection on log time."""
        low, high = np.log(1e-3), np.log(1e9)
        for _ in range(70):
            middle = (low + high) / 2
            if 1.0 - q >= self.sf(np.exp(middle)):
                high = middle
            else:
                low = middle
        return float(np.exp(high))

    @cache  # noqa: B019  # a benchmark makes a few hundred of these and ends
    def table(self) -> tuple[Floats, Floats]:
        """Durations, evenly spaced on log time behind 0, and the survival there."""
        t = np.concatenate(([0.0], np.exp(np.linspace(np.log(1e-3), np.log(1e9), 60_001))))
        return t, self.sf(t)

    def mean(self) -> float:
        """Mean duration: the integral of the survival, by trapezoids."""
        t, survival = self.table()
        return float(np.trapezoid(survival, t))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """n durations, by inversion of the survival table."""
        t, survival = self.table()
        return np.minimum(np.interp(-rng.uniform(size=n), -survival, t), self.pile_at)

    def masses(self, bounds: Floats) -> Floats:
        """Probability of each bucket."""
        return np.maximum(-np.diff(np.concatenate(([1.0], self.sf(bounds)))), 0.0)


def lognormal(median: float, sigma: float) -> Any:
    return stats.lognorm(sigma, scale=median)


def gamma(mean: float, shape: float, start: float = 0.0) -> Any:
    return stats.gamma(shape, loc=start, scale=mean / shape)


def loglogistic(median: float, shape: float) -> Any:
    """Burr XII with d = 1, whose tail scipy computes exactly (that of `fisk` it does not)."""
    return stats.burr12(shape, 1.0, scale=median)


def single(name: str, part: Any) -> Distribution:
    return Distribution(name, ((1.0, part),))


def mixture(name: str, *parts: tuple[float, Any]) -> Distribution:
    return Distribution(name, parts)


def _plain() -> list[Distribution]:
    return [
        single("lognormal 2 ms, sigma 0.5", lognormal(2.2, 0.5)),
        single("lognormal 7 ms, sigma 0.3", lognormal(7.3, 0.3)),
        single("lognormal 12 ms, sigma 1.0", lognormal(12, 1.0)),
        single("lognormal 40 ms, sigma 0.7", lognormal(40, 0.7)),
        single("lognormal 90 ms, sigma 0.4", lognormal(90, 0.4)),
        single("lognormal 130 ms, sigma 1.3", lognormal(130, 1.3)),
        single("lognormal 300 ms, sigma 0.9", lognormal(300, 0.9)),
        single("lognormal 900 ms, sigma 0.6", lognormal(900, 0.6)),
        single("lognormal 3 s, sigma 0.8", lognormal(3_000, 0.8)),
        single("lognormal 8 s, sigma 0.35", lognormal(8_000, 0.35)),
        single("gamma 18 ms, shape 2", gamma(18, 2)),
        single("gamma 70 ms, shape 4", gamma(70, 4)),
        single("gamma 450 ms, shape 9", gamma(450, 9)),
        single("gamma 1.7 s, shape 1.5", gamma(1_700, 1.5)),
        single("Weibull 30 ms, shape 0.7", stats.weibull_min(0.7, scale=30)),
        single("Weibull 220 ms, shape 1.8", stats.weibull_min(1.8, scale=220)),
        single("exponential 15 ms from 3 ms", gamma(15, 1, 3)),
        single("exponential 60 ms from 20 ms", gamma(60, 1, 20)),
        single("exponential 400 ms", gamma(400, 1)),
        single("Lomax 25 ms, alpha 2.5", stats.lomax(2.5, scale=40)),
        single("Lomax 8 ms, alpha 1.6", stats.lomax(1.6, scale=9)),
        single("Pareto from 35 ms, alpha 2", stats.pareto(2, scale=35)),
        single("log-logistic 55 ms, shape 3", loglogistic(55, 3)),
        single("log-logistic 6 ms, shape 4.5", loglogistic(6, 4.5)),
        single("inverse Gaussian 110 ms", stats.invgauss(0.8, scale=140)),
        single("inverse Gaussian 19 ms", stats.invgauss(2.0, scale=10)),
        single("normal 160 ms, sd 8", stats.norm(160, 8)),
        single("normal 420 ms, sd 25", stats.norm(420, 25)),
        single("normal 36 ms, sd 3", stats.norm(36, 3)),
        single("uniform 20-80 ms", stats.uniform(20, 60)),
        single("uniform 5-700 ms", stats.uniform(5, 695)),
        single("bounded beta 0-400 ms", stats.beta(2, 5, scale=400)),
        single("Gumbel 75 ms", stats.gumbel_r(75, 14)),
    ]


def _shaped() -> list[Distribution]:
    retry = (0.02, lognormal(260, 0.25))
    return [
        mixture(
            "cache hit 3 ms, miss 80 ms (15 %)",
            (0.85, lognormal(3, 0.4)),
            (0.15, lognormal(80, 0.5)),
        ),
        mixture(
            "cache hit 8 ms, miss 350 ms (3 %)",
            (0.97, lognormal(8, 0.5)),
            (0.03, lognormal(350, 0.4)),
        ),
        mixture("slow endpoint 1 %", (0.99, lognormal(30, 0.5)), (0.01, lognormal(900, 0.5))),
        mixture("slow endpoint 0.5 %", (0.995, lognormal(45, 0.6)), (0.005, lognormal(1_800, 0.4))),
        mixture("slow endpoint 5 %", (0.95, lognormal(14, 0.5)), (0.05, lognormal(600, 0.6))),
        mixture(
            "three modes",
            (0.7, lognormal(6, 0.4)),
            (0.25, lognormal(70, 0.4)),
            (0.05, lognormal(800, 0.4)),
        ),
        mixture(
            "three modes, slow",
            (0.6, lognormal(120, 0.3)),
            (0.37, lognormal(700, 0.3)),
            (0.03, gamma(4_000, 6)),
        ),
        mixture("second try after 250 ms", (0.98, lognormal(20, 0.5)), retry),
        mixture("GC pause", (0.985, gamma(12, 3)), (0.015, stats.uniform(60, 240))),
        mixture("GC pause, heavy", (0.97, lognormal(90, 0.5)), (0.03, lognormal(450, 0.7))),
        mixture(
            "lognormal with a Pareto tail",
            (0.95, lognormal(50, 0.5)),
            (0.05, stats.pareto(1.8, scale=110)),
        ),
        Distribution("cut at 1000 ms", ((1.0, lognormal(240, 0.9)),), pile_at=1_000.0),
    ]


FAMILY: tuple[Distribution, ...] = (*_plain(), *_shaped())


def random_mixture(rng: np.random.Generator) -> Distribution:
    """One to three parts of random family, scale (2 ms - 8 s at most), spread and weight."""
    count = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    weights = _weights(rng, count)
    scale = float(np.exp(rng.uniform(np.log(2), np.log(1_500))))
    parts = []
    for weight in weights:
        parts.append((weight, _random_part(rng, scale)))
        scale = min(8_000.0, scale * float(np.exp(rng.uniform(np.log(1.5), np.log(30)))))
    return Distribution("random", tuple(parts))


def _weights(rng: np.random.Generator, count: int) -> Sequence[float]:
    """The first part is the bulk; each further one is 0.3-30 % of it, log-uniform."""
    return [1.0, *np.exp(rng.uniform(np.log(0.003), np.log(0.3), count - 1))]


def _random_part(rng: np.random.Generator, scale: float) -> Any:
    kind = rng.choice(["lognormal", "gamma", "weibull", "loglogistic", "shifted", "invgauss"])
    if kind == "lognormal":
        return lognormal(scale, rng.uniform(0.2, 1.2))
    if kind == "gamma":
        return gamma(scale, rng.uniform(0.8, 12))
    if kind == "weibull":
        return stats.weibull_min(rng.uniform(0.6, 3), scale=scale)
    if kind == "loglogistic":
        return loglogistic(scale, rng.uniform(1.8, 6))
    if kind == "shifted":
        return gamma(scale, 1, scale * rng.uniform(0.1, 1))
    return stats.invgauss(rng.uniform(0.2, 2), scale=scale)
