"""The demo's mesh is what its description says."""

from __future__ import annotations

import numpy as np
from meshes import MONDAY
from ruamel.yaml import YAML

from observe.demo.exact import true_fraction_above, true_quantile
from observe.demo.process import arrivals
from observe.demo.shop import demo_mesh
from observe.demo.shop_yaml import demo_current_yaml
from observe.demo.simulate import simulate, snapshot_from_truth

WEEK = np.arange(168, dtype=np.int64)


def _timeout_ms(text: str) -> float:
    return float(text[:-2]) if text.endswith("ms") else float(text[:-1]) * 1000


def test_it_has_services_in_two_clusters_and_one_name_in_both() -> None:
    targets = {tuple(target.split("/")) for target in demo_mesh().targets}
    east = {name for cluster, _, name in targets if cluster == "east"}
    west = {name for cluster, _, name in targets if cluster == "west"}
    assert len(east) == 18
    assert west == {"payment", "ledger", "loyalty", "point-of-sale"}
    assert east & west == {"payment"}


def test_callers_are_slower_than_the_callees_they_wait_for() -> None:
    truth = demo_mesh().starting(MONDAY)
    for caller, callee in (
        ("checkout", "payment"),
        ("frontend", "reviews"),
        ("frontend", "catalog"),
    ):
        slow, fast = (true_quantile(truth, f"east/shop/{name}", 0.999) for name in (caller, callee))
        assert slow > fast


def test_the_sale_six_days_ago_was_the_busiest_time_of_the_week() -> None:
    truth = demo_mesh().starting(MONDAY)
    edge = truth.edges_of("east/shop/search")[0][1]
    volume = arrivals(truth, edge, WEEK).sum(axis=1)
    assert sorted(np.argsort(-volume)[:4].tolist()) == [22, 23, 24, 25]
    assert volume[22] > 1.6 * np.delete(volume, [22, 23, 24, 25]).max()


def test_the_timeouts_in_force_are_those_of_the_virtual_services() -> None:
    found = {}
    for path, text in demo_current_yaml().items():
        document = YAML().load(text)
        cluster, name = path.split("/")[0], document["spec"]["hosts"][0].split(".")[0]
        for route in document["spec"]["http"]:
            if "timeout" in route:
                found[f"{cluster}/shop/{name}"] = _timeout_ms(str(route["timeout"]))
    truth = demo_mesh()
    in_force = {e.target: e.service.timeout_ms for e in truth.edges if e.service.timeout_ms}
    assert found == in_force
    assert len(demo_current_yaml()) == len(found) + 1  # the canary has none


def test_one_timeout_cuts_one_is_loose_and_one_fits() -> None:
    truth = demo_mesh().starting(MONDAY)
    assert true_fraction_above(truth, "east/shop/shipping", 1_000) > 0.01
    assert 30_000 / true_quantile(truth, "east/shop/ads", 0.999) > 200
    assert 1.1 < 1_300 / true_quantile(truth, "west/shop/payment", 0.999) < 1.4


def test_the_incident_stands_out_in_the_hours_of_its_window() -> None:
    snapshot = snapshot_from_truth(demo_mesh(), 1, MONDAY)
    edges = snapshot.edges
    payment = edges[
        (edges["destination_workload"] == "payment")
        & (edges["cluster"] == "east")
        & (edges["reporter"] == "source")
    ]["edge"]
    rows = snapshot.latency[
        snapshot.latency["edge"].isin(payment) & (snapshot.latency["code"] == "200")
    ]
    hour = (rows["time"] - rows["time"].min()) // np.timedelta64(1, "h")
    total = rows.groupby(hour)["requests"].sum()
    slow = rows[rows["le"] > 1000].groupby(hour)["requests"].sum().reindex(total.index).fillna(0)
    share = slow / total
    assert set(share.index[share > 0.05]) == {99, 100}


def test_the_demo_has_a_few_thousand_series_with_churn() -> None:
    first, *days = simulate(demo_mesh(), 1, MONDAY, 2)
    assert 1_500 < len(first.labels) < 2_500
    names = {frozenset(labels.items()) for day in days for labels in day.labels}
    assert len(names) > len(first.labels) + 100  # the catalogue's rollout at 30 h 30 min
