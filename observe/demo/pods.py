"""Pods of a workload over the window: a rollout replaces each by one with a new name."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from observe.demo.truth import Workload

#: The letters that Kubernetes makes names of: no vowels, nothing that looks like another.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Pod:
    """One pod in one of a workload's replica slots.

    Attributes:
        first_hour, end_hour: its life, half-open; -inf and inf beyond the window.
    """

    name: str
    address: str
    first_hour: float
    end_hour: float


def pods_of(workload: Workload, slot: int) -> tuple[Pod, ...]:
    """The pods that follow one another in a slot (0 ... replicas - 1)."""
    births = (-np.inf, *sorted(workload.rollouts))
    ends = (*births[1:], np.inf)
    found = []
    for number, (birth, end) in enumerate(zip(births, ends, strict=True)):
        key = f"{workload.cluster}/{workload.namespace}/{workload.name}/{number}"
        name = f"{workload.name}-{_letters(key, 9)}-{_letters(f'{key}/{slot}', 5)}"
        digits = zlib.crc32(name.encode())
        address = f"10.{digits >> 16 & 63}.{digits >> 8 & 255}.{digits % 250 + 2}"
        found.append(Pod(name, address, birth, end))
    return tuple(found)


def _letters(key: str, count: int) -> str:
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    return "".join(_ALPHABET[i] for i in rng.integers(0, len(_ALPHABET), count))
