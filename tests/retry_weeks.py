"""Weeks of five-minute counts made by hand, to see what retries are advised for them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from handmade import START, Call, snapshot

from observe.recommend.policy import Policy
from observe.recommend.retries import recommend_retries
from observe.telemetry import frames
from observe.telemetry.snapshot import Snapshot

STEPS = 2016  # five minutes each, a week
PATH = "east/shop/cart.shop.svc.cluster.local"
REFUSED = ("503", "UF", "")
UNAVAILABLE = ("200", "-", "14")
FINE = ("200", "-", "")


@dataclass(frozen=True)
class Seen:
    """Requests that one reporter counted: end → requests in each step."""

    source: str = "web"
    reporter: str = "source"
    ends: dict[tuple[str, str, str], np.ndarray] = field(default_factory=dict)


def lost(requests, failed, end=REFUSED, source="web"):
    """So many requests in each step, of which so many failed."""
    good = FINE if end[2] == "" else ("200", "-", "0")
    failed = np.broadcast_to(np.asarray(failed, dtype=float), (STEPS,))
    return Seen(source, ends={good: requests - failed, end: failed})


def flat(requests):
    return np.full(STEPS, float(requests))


def by_chance(requests, share, seed=1):
    """Failures of independent tries."""
    rng = np.random.default_rng(seed)
    return rng.binomial(np.asarray(requests, dtype=int), share).astype(float)


def week(*parts: Seen, envoy=None, seconds=0.055) -> Snapshot:
    """The snapshot of these counts; all requests take 55 ms."""
    plain = snapshot(
        [Call(source=p.source, reporter=p.reporter, buckets=(0, 1, 0, 0, 0)) for p in parts]
    )
    times = pd.date_range(START, periods=STEPS, freq="5min")
    rows = []
    for number, part in enumerate(parts):
        for end, counts in part.ends.items():
            some = np.flatnonzero(counts > 0)
            rows.append(
                pd.DataFrame(
                    {
                        "time": times[some],
                        "edge": number,
                        "code": end[0],
                        "flags": end[1],
                        "grpc_status": end[2],
                        "requests": counts[some],
                    }
                )
            )
    sums = plain.latency_sum.assign(sum_ms=1000 * seconds * plain.latency_sum["requests"])
    changed = replace(plain, requests=frames.REQUESTS.conform(pd.concat(rows)), latency_sum=sums)
    return changed if envoy is None else replace(changed, envoy=frames.ENVOY.conform(envoy))


def advise(week, current=None, policy=None, timeouts=None):
    found, withheld, _ = recommend_retries(week, policy or Policy(), current, timeouts or {})
    assert len(found) + len(withheld) == 1
    return (found or withheld)[0]
