"""A pool that is set, judged by the need that the recommender found."""

from handmade import Call
from lint_samples import found, policy
from pool_samples import even, hosts, proxies, steady

from observe.lint.telemetry import telemetry_of
from observe.recommend.engine import recommend

CALLS = [steady(400.0), Call(reporter="destination", buckets=(0, 4 * 360_000, 0, 0, 0))]
CODE = "POOL_BELOW_CONCURRENCY"


def judged(limit: int, field: str = "http2MaxRequests"):
    snapshot = even(CALLS, proxies=proxies({0: (4, 0.25)}), hosts=hosts([360_000.0] * 4))
    telemetry = telemetry_of(snapshot, recommend(snapshot))
    part = "tcp" if field == "maxConnections" else "http"
    text = policy(f"connectionPool:\n  {part}: {{{field}: {limit}}}").replace("payment", "cart")
    return found(text, CODE, telemetry)


def test_a_limit_for_one_proxy_is_not_held_against_what_all_of_them_have():
    (finding,) = judged(12)
    assert finding.severity == "critical"
    assert finding.message == (
        "http2MaxRequests 12: shop/web had 14 requests to east/shop/cart under way from its "
        "busiest proxy (p99.9) in the busiest step"
    )
    assert judged(18) == []  # 14 + sqrt(14)


def test_what_is_recommended_passes():
    snapshot = even(CALLS, proxies=proxies({0: (4, 0.25)}), hosts=hosts([360_000.0] * 4))
    (pool,) = [r for r in recommend(snapshot).recommendations if r.kind == "connectionPool"]
    assert judged(pool.proposed["http2MaxRequests"]) == []
    assert judged(pool.proposed["maxConnections"], "maxConnections") == []
