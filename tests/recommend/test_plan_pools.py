"""Pools let through retries and the load of ejected hosts."""

import pytest

from observe.recommend.outlier_model import (
    OutlierEvidence,
    OutlierPredicted,
    OutlierRecommendation,
)
from observe.recommend.plan_pools import agree_on_pools, load_on_the_rest
from observe.recommend.pool_model import PoolEvidence, PoolPredicted, PoolRecommendation
from observe.target import Target

TARGET = Target(cluster="east", namespace="shop", service="pay.shop.svc.cluster.local")
PATH = TARGET.path


def common(kind, proposed):
    return {
        "id": f"{kind}/{PATH}",
        "target": TARGET,
        "current": None,
        "proposed": proposed,
        "confidence": "high",
        "severity": "info",
        "reasons": ("SAMPLE",),
        "message": "A sample.",
    }


def pool(protocol="unknown", client=40.0, server=None, **proposed):
    return PoolRecommendation(
        **common("connectionPool", proposed),
        evidence=PoolEvidence.model_construct(
            protocol=protocol, concurrency_client=client, concurrency_server=server
        ),
        predicted=PoolPredicted.model_construct(),
    )


def outlier(percent, hosts, fewest=None):
    return OutlierRecommendation(
        **common("outlierDetection", {"maxEjectionPercent": percent}),
        evidence=OutlierEvidence.model_construct(hosts=hosts, fewest_hosts=fewest),
        predicted=OutlierPredicted.model_construct(),
    )


def agreed(made, *outliers, tries=1.0):
    (after,), changes = agree_on_pools([made], outliers, {PATH: tries})
    return after, changes


def test_limits_that_suffice_stay():
    made = pool(http2MaxRequests=60, maxConnections=60, server=30.0)
    assert agreed(made, tries=1.1) == (made, [])


def test_limits_below_the_load_with_retries_are_raised_to_it():
    after, changes = agreed(pool(http2MaxRequests=42, maxConnections=60), tries=1.1)
    assert after.proposed == {"http2MaxRequests": 44, "maxConnections": 60}
    assert [(c.field, c.before, c.after) for c in changes] == [("http2MaxRequests", "42", "44")]
    assert after.reasons == ("SAMPLE", "POOL_BEARS_RETRIES_AND_EJECTIONS")


def test_connections_of_http2_carry_many_requests_and_are_left_alone():
    after, _ = agreed(pool("http2", http2MaxRequests=10, maxConnections=4))
    assert after.proposed == {"http2MaxRequests": 40, "maxConnections": 4}


def test_servers_bear_the_load_of_ejected_hosts():
    after, _ = agreed(pool(http2MaxRequests=60, server=40.0), outlier(50, 4))
    assert after.proposed["http2MaxRequests"] == 80


def test_limits_of_the_servers_alone_are_raised_there():
    made = pool(http2MaxRequests=60, server=100.0, inboundConnectionPool={"http2MaxRequests": 150})
    after, changes = agreed(made, outlier(50, 2))
    assert after.proposed == {
        "http2MaxRequests": 60,
        "inboundConnectionPool": {"http2MaxRequests": 200},
    }
    assert changes[0].field == "inboundConnectionPool.http2MaxRequests"
    assert made.proposed["inboundConnectionPool"] == {"http2MaxRequests": 150}


def test_nothing_changes_a_second_time():
    after, _ = agreed(pool(http2MaxRequests=1, server=40.0), outlier(40, 5), tries=1.3)
    assert agreed(after, outlier(40, 5), tries=1.3) == (after, [])


@pytest.mark.parametrize(
    ("percent", "hosts", "fewest", "expected"),
    [
        (50, 4, None, 2.0),
        (34, 3, None, 1.5),
        (33, 3, None, 1.0),  # 33 % of three hosts is none
        (50, 4, 3, 1.5),
        (100, 4, None, 4.0),
        (20, None, None, 1.25),
        (100, None, None, 1.0),
        (0, 4, None, 1.0),
    ],
)
def test_load_of_the_hosts_that_remain(percent, hosts, fewest, expected):
    assert load_on_the_rest(outlier(percent, hosts, fewest)) == pytest.approx(expected)
