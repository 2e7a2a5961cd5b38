"""Courses of the demo's side series: counters, gauges and histograms that ebb and flow by the day.

They make panels and rules speak; no truth is judged by them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = dict[str, str]
_DAY = 86_400.0


@dataclass
class Courses:
    """Series that are being collected for some moments.

    Attributes:
        seconds: shape (T,), Unix seconds, ascending.
        labels: one mapping for each series, with `__name__`.
        values: as many courses of shape (T,).
    """

    seconds: Floats
    labels: list[Labels]
    values: list[Floats]

    def gauge(self, name: str, labels: Mapping[str, str], level: float, swing: float = 0.1) -> None:
        """A value that follows the day: level × (1 ± swing), with a little noise."""
        noise = 1 + 0.03 * self._rng(name, labels).standard_normal(len(self.seconds))
        self._add(name, labels, level * (1 + swing * self._day()) * (noise if swing else 1.0))

    def whole(self, name: str, labels: Mapping[str, str], level: float, swing: float = 0.1) -> None:
        """A gauge that counts things."""
        self._add(name, labels, np.rint(level * (1 + swing * self._day())))

    def counter(self, name: str, labels: Mapping[str, str], rate: float) -> None:
        """A counter with this many events per second on average."""
        self._add(name, labels, self._counted(name, labels, rate))

    def histogram(
        self,
        name: str,
        labels: Mapping[str, str],
        rate: float,
        buckets: Sequence[tuple[str, float]],
        mean: float,
    ) -> None:
        """Buckets (`le` → share at or below), sum and count of observations."""
        count = self._counted(name, labels, rate)
        for le, share in buckets:
            self._add(f"{name}_bucket", {**labels, "le": le}, np.floor(count * share))
        self._add(f"{name}_sum", labels, count * mean)
        self._add(f"{name}_count", labels, count)

    def _add(self, name: str, labels: Mapping[str, str], values: Floats) -> None:
        self.labels.append({"__name__": name, **labels})
        self.values.append(values)

    def _counted(self, name: str, labels: Mapping[str, str], rate: float) -> Floats:
        """The integral of the rate since the Unix epoch's day of the first moment."""
        since = self.seconds - self.seconds[0] + _DAY
        phase = 2 * np.pi * self.seconds / _DAY
        wave = (np.cos(phase[0]) - np.cos(phase)) * _DAY / (2 * np.pi)
        total: Floats = np.floor(rate * (since + 0.4 * wave) + self._offset(name, labels))
        return total

    def _day(self) -> Floats:
        course: Floats = np.sin(2 * np.pi * self.seconds / _DAY)
        return course

    def _offset(self, name: str, labels: Mapping[str, str]) -> float:
        return float(self._rng(name, labels).uniform(0, 1))

    @staticmethod
    def _rng(name: str, labels: Mapping[str, str]) -> np.random.Generator:
        key = name + "".join(f"{k}={v}" for k, v in sorted(labels.items()))
        return np.random.default_rng(zlib.crc32(key.encode()))
