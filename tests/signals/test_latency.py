import numpy as np
import pandas as pd
from handmade import BOUNDS, START, Call, snapshot

from observe.signals.latency import common_bounds, latency_by_target


def test_a_waypoint_stands_in_only_for_callers_without_a_sidecar():
    cube = latency_by_target(
        snapshot(
            [
                Call("web", "cart", (10, 5, 0, 0, 0)),
                Call("web", "cart", (10, 5, 0, 0, 0), reporter="waypoint"),
                Call("job", "cart", (0, 0, 3, 0, 0), reporter="waypoint"),
            ],
            hours=24,
        )
    )["east/shop/cart"]
    assert cube.histogram().counts.tolist() == [240, 120, 72, 0]
    assert cube.reporter == "waypoint"
    assert cube.callers == (("shop", "job"), ("shop", "web"))


def test_outcomes_are_kept_apart():
    cube = latency_by_target(
        snapshot(
            [
                Call(buckets=(90, 10, 0, 0, 0)),
                Call(buckets=(0, 0, 4, 0, 0), code="504", flags="UT"),
                Call(buckets=(0, 2, 0, 0, 0), code="0", flags="DC"),
                Call(buckets=(0, 0, 3, 0, 0), code="200", flags="DC"),
                Call(buckets=(7, 0, 0, 0, 0), code="503"),
                Call(buckets=(0, 0, 0, 5, 0), code="503", flags="FI"),
            ],
            hours=10,
        )
    )["east/shop/cart"]
    totals = {group: cube.histogram(group).total for group in cube.counts}
    assert totals == {
        "success": 1000,
        "censored": 40,
        "gone": 20,
        "left": 30,
        "failure": 70,
        "other": 50,
    }


def test_steps_select_their_own_hours():
    cube = latency_by_target(
        snapshot(
            [
                Call(buckets=(10, 0, 0, 0, 0), hours=range(0, 12)),
                Call(buckets=(0, 0, 8, 0, 0), hours=range(12, 24)),
            ],
            hours=24,
        )
    )["east/shop/cart"]
    evening = np.arange(24) >= 12
    assert cube.histogram(steps=evening).counts.tolist() == [0, 0, 96, 0]
    assert cube.at(~evening).histogram().counts.tolist() == [120, 0, 0, 0]
    assert cube.histogram(steps=evening).total_sum == 96 * 550
    hourly = cube.hourly()
    assert hourly["time"].iloc[0] == START
    assert hourly["requests"].tolist() == [10.0] * 12 + [8.0] * 12
    assert hourly["p50_ms"].iloc[0] <= 10 < 100 <= hourly["p50_ms"].iloc[23] <= 1000
    assert list(cube.bounds) == [BOUNDS[i] for i in (0, 1, 2, 4)]


def test_empty_buckets_do_not_widen_their_neighbours():
    cube = latency_by_target(snapshot([Call(buckets=(10, 0, 0, 5, 0))], hours=1))["east/shop/cart"]
    assert cube.bounds.tolist() == [10, 1000, 10_000, np.inf]
    assert cube.histogram().counts.tolist() == [10, 0, 5, 0]


def test_proxies_with_different_buckets_meet_at_their_common_boundaries():
    rows = pd.DataFrame({"gt": [0.0, 10.0, 0.0, 50.0], "le": [10.0, 100.0, 50.0, 100.0]})
    assert common_bounds(rows).tolist() == [100, np.inf]
