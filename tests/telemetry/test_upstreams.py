"""Names of Envoy's clusters, as Istio gives them and as a mesh may rename them."""

from __future__ import annotations

import pandas as pd
import pytest

from observe.telemetry.upstreams import upstream, upstreams

HOST = "reviews.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"outbound|9080||{HOST}", (HOST, "9080", "")),
        (f"outbound|9080|v1|{HOST}", (HOST, "9080", "v1")),
        (f"outbound|9080||{HOST};", (HOST, "9080", "")),
        ("outbound|443||api.example.com", ("api.example.com", "443", "")),
        (f"outbound_.9080_.v1_.{HOST}", (HOST, "9080", "v1")),
        (f"outbound_.9080_._.{HOST}", (HOST, "9080", "")),
        (f"{HOST}_7443", (HOST, "7443", "")),
        (f"{HOST}|7443|http|v2", (HOST, "7443", "")),
        (HOST, (HOST, "", "")),
        (f"{HOST}_80_81", (HOST, "", "")),  # which of both is the port?
    ],
)
def test_service_port_and_subset_are_read(name: str, found: tuple[str, str, str]) -> None:
    assert upstream(name) == found


@pytest.mark.parametrize(
    "name",
    [
        *("", "xds-grpc", "BlackHoleCluster", "PassthroughCluster", "prometheus_stats", "reviews"),
        *("inbound|9080||", "inbound|9080|http|reviews.shop.svc.cluster.local", "outbound|x||y"),
        *("reviews_shop", "outbound|9080||", f"v1.{HOST}x.", "a|b|c|d|e"),
    ],
)
def test_what_is_no_service_is_left_out(name: str) -> None:
    assert upstream(name) is None


def test_a_table_of_names_holds_each_that_can_be_read_once() -> None:
    names = pd.Series([f"outbound|80||{HOST}", "xds-grpc", f"outbound|80||{HOST}"], dtype="str")
    assert upstreams(names).to_numpy().tolist() == [[f"outbound|80||{HOST}", HOST, "80", ""]]
    assert upstreams(names.iloc[1:2]).empty
