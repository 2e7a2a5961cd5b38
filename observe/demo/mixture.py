"""Distributions of request durations whose quantiles and tails are known exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammainc, ndtr

Floats = NDArray[np.float64]
Kind = Literal["lognormal", "gamma", "pareto", "constant"]


@dataclass(frozen=True)
class Component:
    """One part of a mixture; durations in milliseconds.

    Attributes:
        kind: family.
        scale_ms: lognormal: median; gamma: mean; pareto: smallest value; constant: the value.
        shape: lognormal: sigma; gamma: shape k; pareto: alpha, above 1 so that a mean exists;
            constant: not used.
        weight: share of the requests; a mixture's weights add up to 1.
        shift_ms: added to every duration.
    """

    kind: Kind
    scale_ms: float
    shape: float = 1.0
    weight: float = 1.0
    shift_ms: float = 0.0

    def cdf(self, x: Floats) -> Floats:
        """Share of this component's durations at or below x (ms)."""
        return self._unshifted(x - self.shift_ms)[0]

    def partial_mean(self, x: Floats) -> Floats:
        """E[X; X <= x]: what durations at or below x contribute to the mean (ms)."""
        cdf, partial = self._unshifted(x - self.shift_ms)
        result: Floats = self.shift_ms * cdf + partial
        return result

    def _unshifted(self, x: Floats) -> tuple[Floats, Floats]:
        positive = np.maximum(x, 1e-12)
        if self.kind == "lognormal":
            z = np.log(positive / self.scale_ms) / self.shape
            mean = self.scale_ms * np.exp(self.shape**2 / 2)
            return ndtr(z), mean * ndtr(z - self.shape)
        if self.kind == "gamma":
            y = positive * self.shape / self.scale_ms
            cdf: Floats = np.asarray(gammainc(self.shape, y), dtype=np.float64)
            above = np.asarray(gammainc(self.shape + 1, y), dtype=np.float64)
            return cdf, self.scale_ms * above
        if self.kind == "pareto":
            ratio = np.minimum(1.0, self.scale_ms / positive)
            mean = self.shape * self.scale_ms / (self.shape - 1)
            return 1 - ratio**self.shape, mean * (1 - ratio ** (self.shape - 1))
        step = (x >= self.scale_ms).astype(np.float64)
        return step, self.scale_ms * step


@dataclass(frozen=True)
class Mixture:
    """A weighted sum of components: how long one kind of request takes."""

    components: tuple[Component, ...]

    def cdf(self, x: Floats) -> Floats:
        """Share of the durations at or below x (ms), same shape as x."""
        return self._sum(x, Component.cdf)

    def partial_mean(self, x: Floats) -> Floats:
        """E[X; X <= x] in ms, same shape as x."""
        return self._sum(x, Component.partial_mean)

    def quantile(self, q: float) -> float:
        """The duration (ms) that a share q of the requests does not exceed."""
        return invert(lambda x: float(self.cdf(np.array([x]))[0]), q)

    def shifted(self, by_ms: float) -> Mixture:
        """The same durations, each longer by a constant."""
        return Mixture(tuple(replace(c, shift_ms=c.shift_ms + by_ms) for c in self.components))

    def scaled(self, by: float) -> Mixture:
        """The same durations, each longer by a factor."""
        return Mixture(
            tuple(
                replace(c, scale_ms=c.scale_ms * by, shift_ms=c.shift_ms * by)
                for c in self.components
            )
        )

    def _sum(self, x: Floats, part: Callable[[Component, Floats], Floats]) -> Floats:
        total = np.zeros_like(x)
        for component in self.components:
            total += component.weight * part(component, x)
        return total


def mix(*parts: tuple[float, Mixture]) -> Mixture:
    """A mixture of mixtures; the shares are normalised to 1."""
    total = sum(share for share, _ in parts)
    return Mixture(
        tuple(
            replace(c, weight=c.weight * share / total)
            for share, mixture in parts
            for c in mixture.components
        )
    )


def lognormal(median_ms: float, sigma: float) -> Mixture:
    """A lognormal with this median."""
    return Mixture((Component("lognormal", median_ms, sigma),))


def gamma(mean_ms: float, shape: float) -> Mixture:
    """A gamma with this mean."""
    return Mixture((Component("gamma", mean_ms, shape),))


def pareto(minimum_ms: float, alpha: float) -> Mixture:
    """A Pareto tail that begins at a minimum; alpha above 1."""
    return Mixture((Component("pareto", minimum_ms, alpha),))


def constant(value_ms: float) -> Mixture:
    """Always the same duration."""
    return Mixture((Component("constant", value_ms),))


def caller_of(own: Mixture, callees: Sequence[tuple[float, Mixture]]) -> Mixture:
    """Durations of a caller whose requests mostly wait for one callee each.

    A share of the requests waits for a callee, and then lasts as long as the callee does plus
    the caller's own median; the others take the caller's own time. So the caller's tail is made
    of its callees' tails.

    Args:
        own: the caller's own work.
        callees: share of the requests that are dominated by the callee, and its durations.
    """
    offset = own.quantile(0.5)
    rest = 1.0 - sum(share for share, _ in callees)
    return mix((rest, own), *((share, callee.shifted(offset)) for share, callee in callees))


def invert(cdf: Callable[[float], float], q: float) -> float:
    """The point (ms) where an increasing function reaches q, searched from 1 µs to 11 days."""
    low, high = np.log(1e-3), np.log(1e9)
    root: float = brentq(lambda u: cdf(float(np.exp(u))) - q, low, high, xtol=1e-10)
    return float(np.exp(root))
