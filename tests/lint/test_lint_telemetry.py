"""What the linter takes from a snapshot, against numbers known by hand."""

import pandas as pd
import pytest
from handmade import START, Call, snapshot
from lint_samples import found, policy

from observe.lint.telemetry import telemetry_of

PATH = "east/shop/cart"


def _calls(**more: object) -> list[Call]:
    return [
        Call(buckets=(3000, 500, 100, 0, 0), **more),  # type: ignore[arg-type]
        Call(buckets=(360, 0, 0, 0, 0), code="503", flags="UO"),
        Call(buckets=(40, 0, 0, 0, 0), code="429"),
        Call(source="till", buckets=(400, 0, 0, 0, 0), code="503", flags="UF,URX"),
        Call(reporter="destination", buckets=(6600, 0, 0, 0, 0)),
    ]


def test_flags_codes_and_failures_are_counted_by_target():
    facts = telemetry_of(snapshot(_calls(), hours=2), None).facts[PATH]
    assert facts.requests == 8800.0
    assert facts.flags == {"UO": 720.0, "UF": 800.0, "URX": 800.0}
    assert facts.too_many == 80.0
    assert facts.failures == 1520.0
    assert facts.share("UO") == pytest.approx(720 / 8800)
    assert facts.clients == {("east", "shop", "web"), ("east", "shop", "till")}
    assert facts.servers == {("east", "shop", "cart")}


def test_amplification_counts_the_callers_whose_tries_were_seen():
    facts = telemetry_of(snapshot(_calls(), hours=2), None).facts[PATH]
    # web sent 4,000 an hour and 6,600 arrived; nothing of till's was seen at the other end
    assert facts.amplification == pytest.approx(1.65)


def test_requests_under_way_follow_littles_law_in_the_busiest_step():
    busy = [Call(buckets=(0, 0, 7200, 0, 0), hours=[1]), Call(buckets=(3600, 0, 0, 0, 0))]
    facts = telemetry_of(snapshot(busy, hours=3), None).facts[PATH]
    # the second hour: 10,800 requests that took 7,200 x 550 ms + 3,600 x 5 ms together. Counts
    # stand in the first fine step of each hour, which is the busiest one
    spent_s = 7200 * 0.55 + 3600 * 0.005
    step = snapshot(busy, hours=3).manifest.window.step_seconds
    assert facts.under_way[("east", "shop", "web")] == pytest.approx(spent_s / step)
    assert facts.all_under_way == pytest.approx(spent_s / step)


def test_clients_that_are_busy_at_different_hours_are_not_added_up():
    calls = [
        Call(buckets=(0, 0, 3600, 0, 0), hours=[0]),
        Call(source="till", buckets=(0, 0, 1800, 0, 0), hours=[1]),
        Call(source="kiosk", buckets=(0, 0, 1800, 0, 0), hours=[1]),
    ]
    facts = telemetry_of(snapshot(calls, hours=2), None).facts[PATH]
    each = facts.under_way
    assert facts.all_under_way == pytest.approx(each["east", "shop", "web"])
    assert each["east", "shop", "till"] == pytest.approx(each["east", "shop", "web"] / 2)


def test_pods_are_the_usual_and_the_highest_number():
    whole = snapshot(_calls(), hours=5)
    rows = [
        (START + pd.Timedelta(hours=h), "east", "shop", "cart", "app", float(pods))
        for h, pods in enumerate((2, 3, 3, 3, 9))
    ]
    columns = ["time", "cluster", "namespace", "workload", "container", "pods"]
    containers = pd.DataFrame(rows, columns=columns)
    object.__setattr__(whole, "containers", containers)
    telemetry = telemetry_of(whole, None)
    assert telemetry.pods == {("east", "shop", "cart"): (3, 9)}
    assert telemetry.replicas("east") == {"cart.shop.svc.cluster.local": 3}
    text = policy("outlierDetection: {maxEjectionPercent: 30}").replace("payment", "cart")
    (finding,) = found(text, "OUTLIER_EJECTS_NOBODY", telemetry)
    assert finding.severity == "warning"
    assert finding.message.endswith("one host of 4 or more; there are 3")


def test_clusters_and_missing_pieces_are_known():
    telemetry = telemetry_of(snapshot(_calls(), hours=2), None)
    assert telemetry.clusters == {"east"}
    assert telemetry.whole
    assert telemetry_of(None, None).clusters == frozenset()
