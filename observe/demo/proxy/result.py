"""What a run of the proxies came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Levels:
    """How long a number was at each of its levels."""

    level: int = 0
    since: float = 0.0
    seconds: Counter[int] = field(default_factory=Counter)

    def change(self, by: int, now: float) -> None:
        """The number goes up or down."""
        self.seconds[self.level] += now - self.since  # type: ignore[assignment]
        self.level += by
        self.since = now

    def quantile(self, q: float) -> int:
        """The level that is exceeded for a share 1 - q of the time."""
        levels = sorted(self.seconds)
        if not levels:
            return 0
        total = np.cumsum([self.seconds[level] for level in levels])
        return levels[int(np.searchsorted(total, q * total[-1]))]

    @property
    def highest(self) -> int:
        """The highest level."""
        return max(self.seconds, default=0)


@dataclass(frozen=True)
class Result:
    """Counts over the run.

    Attributes:
        tries: that a client's proxy sent to a host or failed to.
        overflows: refused by a client's pool; never sent.
        shed: refused by the pool of a host's proxy.
        retry_overflows: retries that the budget or `max_retries` did not allow.
        timeouts: requests that the route's timeout ended.
        try_timeouts: tries that the per-try timeout ended.
        ejections_failing: ejections of hosts that failed by themselves at that moment.
        ejections_healthy: of others: false ones.
        ejection_overflows: that the ejection percent did not allow.
        concurrency_max, concurrency_p999: requests under way from each client proxy.
        host_concurrency_p999: requests under way at each host.
        p50_ms, p99_ms: of all requests, as their clients see them; NaN without any.
    """

    requests: int
    tries: int
    successes: int
    retries: int
    overflows: int
    shed: int
    retry_overflows: int
    timeouts: int
    try_timeouts: int
    ejections_failing: int
    ejections_healthy: int
    ejection_overflows: int
    concurrency_max: tuple[int, ...]
    concurrency_p999: tuple[int, ...]
    host_concurrency_p999: tuple[int, ...]
    p50_ms: float
    p99_ms: float

    @property
    def failed_fraction(self) -> float:
        """Share of the requests that did not succeed."""
        return 1 - self.successes / self.requests if self.requests else 0.0

    @property
    def added_load(self) -> float:
        """Retries per request."""
        return self.retries / self.requests if self.requests else 0.0
