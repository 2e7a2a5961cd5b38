"""The knee of a service's servers in the advice: claimed where it shows, and only told."""

import numpy as np
import pytest

from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_evidence import above_knee, pool_message
from observe.recommend.pool_knee import knee_of
from observe.recommend.pool_limits import estimate_pool
from observe.recommend.pool_need import Steps
from observe.signals.concurrency import Load, TargetLoad
from observe.signals.proxy_share import Share
from observe.target import Target

POLICY = PoolPolicy()
HOURS = np.repeat(np.arange(168), 12)
EVERY = Steps.all_of(HOURS.size)
CONTENTION, COHERENCY = 0.02, 0.001  # 31.3 requests at a time get the most done


def servers(busiest, share=0.25):
    """Servers of Gunther's law, whose busiest one reaches a share of its highest throughput."""
    n = np.linspace(0.01, np.sqrt((1 - CONTENTION) / COHERENCY), 20_000)
    x = 20 * n / (1 + CONTENTION * (n - 1) + COHERENCY * n * (n - 1))
    rng = np.random.default_rng(1)
    daily = 0.65 + 0.35 * np.cos((np.arange(168) - 15) * np.pi / 12)
    each = busiest * x[-1] * daily * rng.uniform(0.97, 1.0, 168)
    mean_ms = 1000 * np.interp(each, x, n) / each * np.exp(0.03 * rng.standard_normal(168))
    requests = np.repeat(each / share * 300, 12)
    known = Share(np.full(HOURS.size, share), 4, 4.0, "reported")
    return Load(("east", "shop", "cart"), requests, np.repeat(mean_ms, 12), known, 300)


def test_servers_near_their_peak_show_where_it_is():
    knee = knee_of(servers(0.99), HOURS, EVERY.normal, POLICY)
    assert knee.concurrency == pytest.approx(31.3, rel=0.15)
    assert knee.low < 31.3 < knee.high


def test_servers_far_from_it_show_nothing_and_neither_does_a_waypoint():
    assert knee_of(servers(0.4), HOURS, EVERY.normal, POLICY) is None
    assert knee_of(None, HOURS, EVERY.normal, POLICY) is None


def test_a_limit_above_the_knee_stays_and_the_message_says_so():
    load = servers(0.99)
    target = TargetLoad(
        target=Target(cluster="east", namespace="shop", service="cart"),
        times=np.arange(HOURS.size).astype("datetime64[s]"),
        clients=(load,),
        server=load,
        requests=float(load.requests.sum()),
        refused=0.0,
        protocols=frozenset({"http"}),
    )
    estimate = estimate_pool(target, POLICY, EVERY, 1.0, None)
    knee = knee_of(load, HOURS, EVERY.normal, POLICY)
    assert estimate.requests >= estimate.server.high
    assert estimate.requests > knee.high
    assert above_knee(estimate, knee)
    message = pool_message(estimate, knee, None, "No pool is set.")
    assert f"a server gets most done with about {knee.concurrency:.0f} requests" in message
    assert "get slower" not in pool_message(estimate, None, None, "No pool is set.")
