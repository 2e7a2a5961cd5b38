"""Connection pools that were advised, held against the requests under way of the next week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from observe.demo.policy_truth import policy_truth
from observe.demo.truth import Truth
from observe.recommend.model import Advice
from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_model import PoolRecommendation

#: A pool is loose from this multiple of the need on.
LOOSE = 4.0


@dataclass(frozen=True)
class PoolCase:
    """One pool.

    Attributes:
        limit: requests that a client's proxy lets through at a time.
        inbound: the same of a server's proxy.
        client, server: p99.9 of the requests under way in the next week, the neediest proxy.
    """

    target: str
    verdict: str
    limit: float
    inbound: float
    client: float
    server: float

    @property
    def too_small(self) -> bool:
        """Whether it is below the need on either side."""
        return self.limit < self.client or self.inbound < self.server

    @property
    def ratio(self) -> float:
        """Limit over need; where one number serves both sides, the larger need."""
        need = self.client if self.inbound != self.limit else max(self.client, self.server)
        return self.limit / max(need, 1.0)


def judge_pools(truth: Truth, advice: Advice) -> list[PoolCase]:
    """Every pool of a mesh."""
    found = []
    for one in advice.recommendations:
        if not isinstance(one, PoolRecommendation):
            continue
        target = one.target.path
        known = policy_truth(truth, target, week=1)
        limit = _limit(one.proposed)
        inbound = _limit(one.proposed.get("inboundConnectionPool") or one.proposed)
        found.append(
            PoolCase(
                f"{truth.name} {target}",
                known.verdict,
                limit,
                inbound,
                known.client_concurrency,
                known.server_concurrency,
            )
        )
    return found


def _limit(pool: dict[str, object]) -> float:
    """Requests under way that a pool admits, whatever the protocol; infinite without a limit."""
    limits = [pool.get("http2MaxRequests"), pool.get("maxConnections")]
    return min((float(str(x)) for x in limits if x is not None), default=np.inf)


def report_pools(cases: list[PoolCase], targets: int) -> list[tuple[str, str]]:
    """Figures with their names."""
    floor = PoolPolicy().least_limit
    if not cases:
        return [("pools", f"0 of {targets} targets")]
    ratio = np.array([c.ratio for c in cases])
    above = np.array([c.limit > floor for c in cases])
    rows = [
        ("pools", f"{len(cases)} of {targets} targets"),
        ("below the p99.9 of the next week", str(sum(c.too_small for c in cases))),
        (f"at most {LOOSE:.0f} times that", f"{np.mean(ratio <= LOOSE):.1%} of {len(cases)}"),
        (f"  at the floor of {floor}", str(int((~above).sum()))),
    ]
    if above.any():
        rest = ratio[above]
        low, high = np.quantile(rest, (0.1, 0.9))
        rows += [
            (f"  above the floor at most {LOOSE:.0f} times", f"{np.mean(rest <= LOOSE):.1%}"),
            (
                "  median, 10 % and 90 % of limit / need",
                f"{np.median(rest):.2f}, {low:.2f}, {high:.2f}",
            ),
        ]
    return rows
