"""The `retries` of an http route, and the time that its tries may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.durations import duration_ms
from observe.errors import InputError

#: Envoy's base of the back-off between tries (router_filter.rst).
BASE_BACKOFF_MS = 25.0
#: Tries again where nothing is configured (pilot/pkg/networking/core/route/retry/retry.go).
DEFAULT_ATTEMPTS = 2


@dataclass(frozen=True)
class Retries:
    """A `retries` block. Times in ms; None where nothing is set."""

    attempts: int
    per_try_ms: float | None
    retry_on: tuple[str, ...]
    backoff_ms: float


def retries_of(data: Mapping[str, Any]) -> Retries:
    """What a `retries` block says; without `attempts` it says 0."""
    return Retries(
        attempts=int(data.get("attempts") or 0),
        per_try_ms=as_ms(data.get("perTryTimeout")),
        retry_on=tuple(part.strip() for part in str(data.get("retryOn") or "").split(",") if part),
        backoff_ms=as_ms(data.get("backoff")) or BASE_BACKOFF_MS,
    )


def as_ms(text: object) -> float | None:
    """A duration in milliseconds; None where there is none, or none that counts."""
    if text is None:
        return None
    try:
        return float(duration_ms(text)) or None
    except InputError:
        return None


def longest_backoff_ms(attempts: int, base_ms: float = BASE_BACKOFF_MS) -> float:
    """The longest pauses before all retries together, in ms.

    Envoy waits up to (2^N - 1) bases before retry N, ten bases at the most (router_filter.rst).
    """
    grown = min(attempts, 4)  # from the fourth on it is ten bases
    bases = sum(min((1 << n) - 1, 10) for n in range(1, grown + 1))
    return base_ms * (bases + 10 * (attempts - grown))
