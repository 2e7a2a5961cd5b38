"""How often and when Envoy retries where nothing else is said, and how long all tries may take."""

from __future__ import annotations

#: Envoy's base of the back-off between tries (router_filter.rst).
BASE_BACKOFF_MS = 25.0
#: Retries of a request where nothing is configured (Istio, route/retry/retry.go).
DEFAULT_ATTEMPTS = 2


def longest_backoff_ms(attempts: int, base_ms: float = BASE_BACKOFF_MS) -> float:
    """The longest pauses before all retries together, in ms.

    Envoy waits up to (2^N - 1) bases before retry N, ten bases at the most (router_filter.rst).
    """
    grown = min(attempts, 4)  # from the fourth on it is ten bases
    bases = sum(min((1 << n) - 1, 10) for n in range(1, grown + 1))
    return base_ms * (bases + 10 * (attempts - grown))


def longest_tries_ms(attempts: int, per_try_ms: float, base_ms: float = BASE_BACKOFF_MS) -> float:
    """The longest that all tries and the pauses between them may take together, in ms."""
    return (attempts + 1) * per_try_ms + longest_backoff_ms(attempts, base_ms)
