import numpy as np
import pytest
from handmade import Call, snapshot

from observe.errors import InputError
from observe.signals.golden import golden, saturation

CALLS = [
    Call("web", "cart", (90, 8, 2, 0, 0)),
    Call("web", "cart", (0, 5, 0, 0, 0), code="503", flags="UO"),
    Call("web", "cart", (0, 0, 0, 1, 0), code="504", flags="UT"),
    Call("web", "cart", (4, 0, 0, 0, 0), code="404"),
    Call("job", "cart", (10, 0, 0, 0, 0)),
    Call("web", "cart", (500, 0, 0, 0, 0), reporter="destination"),
]


def test_a_service_is_seen_through_its_clients_and_never_twice():
    (row,) = golden(snapshot(CALLS, hours=24)).to_dict("records")
    assert row["requests"] == 24 * 120
    assert row["rps"] == pytest.approx(120 / 3600)
    assert row["error_ratio"] == pytest.approx(6 / 120)
    assert row["client_error_ratio"] == pytest.approx(4 / 120)
    assert (row["cluster"], row["namespace"]) == ("east", "shop")
    assert row["top_flags"] == "UO 4.2%, UT 0.83%"
    assert row["coverage"] == 1.0


def test_success_and_failure_have_their_own_latencies():
    (row,) = golden(snapshot(CALLS, hours=24)).to_dict("records")
    assert row["p50_ms"] < 10 < row["p99_ms"] <= 1000
    assert 10 < row["failure_p50_ms"] <= 100
    assert 1000 < row["failure_p99_ms"] <= 10_000


def test_edges_tell_the_callers_apart():
    table = golden(snapshot(CALLS, hours=24), by="edge").set_index("source_workload")
    assert table.loc["job", "requests"] == 240
    assert table.loc["web", "requests"] == 24 * 110
    assert table.loc["job", "error_ratio"] == 0


def test_a_workload_is_seen_by_its_own_proxies():
    (row,) = golden(snapshot(CALLS, hours=24), by="workload").to_dict("records")
    assert (row["workload"], row["requests"]) == ("cart", 12_000)


def test_hours_of_the_week_add_up_over_the_weeks():
    calls = [Call(buckets=(10, 0, 0, 0, 0), hours=[5, 173]), Call(buckets=(1, 0, 0, 0, 0))]
    table = golden(snapshot(calls, hours=336), every="hour_of_week").set_index("hour_of_week")
    assert len(table) == 168
    assert table.loc[5, "requests"] == 22
    assert table.loc[5, "rps"] == pytest.approx(11 / 3600)
    assert table.loc[6, "requests"] == 2


def test_steps_follow_one_another():
    table = golden(snapshot([Call(buckets=(7, 0, 0, 0, 0))], hours=5), every="step")
    assert table["requests"].tolist() == [7.0] * 5
    assert table["time"].diff().dropna().unique().tolist() == [np.timedelta64(1, "h")]


def test_only_known_views_are_given():
    with pytest.raises(InputError, match="no golden signals by 'pod'"):
        golden(snapshot([]), by="pod")  # type: ignore[arg-type]


def test_an_empty_mesh_has_no_rows():
    for by in ("service", "workload", "edge"):
        assert golden(snapshot([]), by=by).empty
    assert saturation(snapshot([])).empty
