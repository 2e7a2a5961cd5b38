"""The `retries` of an http route, and the time that its tries may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.durations import duration_ms
from observe.errors import InputError
from observe.recommend.retry_timing import (
    BASE_BACKOFF_MS,
    DEFAULT_ATTEMPTS,
    longest_backoff_ms,
)

__all__ = [
    "BASE_BACKOFF_MS",
    "DEFAULT_ATTEMPTS",
    "Retries",
    "as_ms",
    "longest_backoff_ms",
    "retries_of",
]


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
