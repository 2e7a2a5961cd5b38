"""Proxies, hosts and Envoy's statistics of several servers as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from handmade import Call, snapshot

from observe.telemetry.frames import ENVOY, HOST_ERRORS, HOSTS, PROXIES
from observe.telemetry.merge import merge, name_cluster
from observe.telemetry.snapshot import Snapshot

BUCKETS = (1, 2, 3, 4, 0)
COUNTERS = [
    *("retries", "retry_successes", "retry_overflows", "pending_overflows"),
    *("active_overflows", "cx_overflows", "ejections"),
]
GAUGES = ["requests_active", "requests_pending", "connections_active"]


def _told(cluster: str, *, services: tuple[str, ...] = ("cart",), hours: int = 1) -> Snapshot:
    """A mesh of some edges, with one row an hour in each of the frames."""
    found = snapshot([Call("web", s, BUCKETS, cluster=cluster) for s in services], hours=hours)
    start = found.manifest.window.start
    times = [start + timedelta(hours=hour) for hour in range(hours)]
    base = pd.DataFrame({"time": times}).assign(cluster=cluster, destination_service="cart")
    hosts = base.assign(destination_service_namespace="shop", host="10.0.0.1:15020", requests=8.0)
    envoy = base.assign(namespace="shop", workload="web", port="80", subset="")
    envoy = envoy.assign(**dict.fromkeys(COUNTERS, 2.0), **dict.fromkeys(GAUGES, 5.0))
    edges = pd.DataFrame({"time": times}).merge(found.edges[["edge"]], how="cross")
    return replace(
        found,
        proxies=PROXIES.conform(edges.assign(proxies=edges["edge"] + 2, busiest_share=0.5)),
        hosts=HOSTS.conform(hosts),
        host_errors=HOST_ERRORS.conform(hosts.assign(code="503", grpc_status="")),
        envoy=ENVOY.conform(envoy.assign(retry_overflows=np.nan)),
    )


def _with_coarse(found: Snapshot, seconds: int) -> Snapshot:
    window = found.manifest.window.model_copy(update={"coarse_step_seconds": seconds})
    return replace(found, manifest=found.manifest.model_copy(update={"window": window}))


def test_proxies_go_with_their_edges_to_new_numbers() -> None:
    merged = merge({"a": _told("west", services=("b", "a")), "b": _told("east")})
    named = merged.proxies.merge(merged.edges, on="edge").set_index(
        ["cluster", "destination_workload"]
    )
    before = _told("west", services=("b", "a"))
    old = before.edges.merge(before.proxies, on="edge").set_index("destination_workload")
    assert named["proxies"].to_dict() == {
        ("east", "cart"): 2.0,
        ("west", "a"): old.loc["a", "proxies"],
        ("west", "b"): old.loc["b", "proxies"],
    }


def test_hosts_of_two_clusters_stay_apart_and_those_of_one_are_not_added_up() -> None:
    apart = merge({"a": _told("east"), "b": _told("west")})
    assert apart.hosts[["cluster", "requests"]].to_numpy().tolist() == [["east", 8], ["west", 8]]
    assert len(apart.host_errors) == len(apart.envoy) == 2
    once = merge({"a": _told("east"), "b": _told("east")})
    assert once.hosts["requests"].tolist() == once.host_errors["requests"].tolist() == [8.0]
    assert once.envoy["retries"].tolist() == [2.0]


def test_longer_steps_add_counts_up_and_keep_the_highest_gauge() -> None:
    hourly, longer = _told("east", hours=4), _with_coarse(_told("west", hours=4), 14_400)
    changed = hourly.envoy.assign(
        requests_active=[5.0, 9.0, 7.0, 1.0],
        cx_overflows=[np.nan, 1.0, np.nan, np.nan],
    )
    proxies = hourly.proxies.assign(proxies=[2.0, 3.0, 1.0, 2.0], busiest_share=[0.5, 0.4, 1, 0.5])
    merged = merge({"a": replace(hourly, envoy=changed, proxies=proxies), "b": longer})
    assert merged.manifest.window.coarse_step_seconds == 14_400
    row = merged.envoy.set_index("cluster").loc["east"]
    assert row[["retries", "requests_active", "cx_overflows"]].tolist() == [8.0, 9.0, 1.0]
    assert np.isnan(row["retry_overflows"])  # unknown in every hour, not zero
    assert merged.hosts.set_index("cluster").loc["east", "requests"] == 32.0
    of_edges = merged.proxies.merge(merged.edges, on="edge").set_index("cluster")
    assert of_edges.loc["east", ["proxies", "busiest_share"]].tolist() == [3.0, 1.0]


@pytest.mark.parametrize("unnamed", ["", "Kubernetes"])
def test_a_name_is_given_to_every_frame_that_tells_the_cluster(unnamed: str) -> None:
    named = name_cluster(_told(unnamed), "east", rename_default=True)
    for frame in (named.edges, named.hosts, named.host_errors, named.envoy):
        assert set(frame["cluster"]) == {"east"}


def test_two_edges_that_become_one_have_the_proxies_of_both() -> None:
    found = snapshot([Call(cluster=c, buckets=BUCKETS) for c in ("", "Kubernetes")], hours=1)
    start = found.manifest.window.start
    rows = [(start, 0, 2.0, 0.5), (start, 1, 3.0, 0.4)]
    proxies = PROXIES.conform(pd.DataFrame(rows, columns=list(PROXIES.columns)))
    named = name_cluster(replace(found, proxies=proxies), "east", rename_default=True)
    merged = merge({"a": named})
    assert merged.proxies[["edge", "proxies", "busiest_share"]].to_numpy().tolist() == [[0, 5, 0.5]]
