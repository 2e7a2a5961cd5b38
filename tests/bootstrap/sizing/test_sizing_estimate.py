from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.bootstrap.rules import edge_rules
from observe.bootstrap.sizing import MeshCounts, TierSize, estimate, resources
from observe.bootstrap.sizing.series import OWN_SERIES, edge_series, recorded_series
from observe.bootstrap.stack import Stack
from observe.errors import InputError

NOTHING = MeshCounts(request_sets=0, request_groups=0, edges=0, istiods=0, nodes=0)
TYPICAL = MeshCounts.typical(services=100, pods=300)


def more(**changes: int) -> MeshCounts:
    return NOTHING.model_copy(update=changes)


def stack(**settings: object) -> Stack:
    return Stack.model_validate(settings)


def scraped(counts: MeshCounts, wanted: Stack | None = None) -> int:
    wanted = wanted or Stack()
    return edge_series(counts, wanted).scraped - edge_series(NOTHING, wanted).scraped


def recorded(counts: MeshCounts) -> int:
    return recorded_series(counts, Stack()) - recorded_series(NOTHING, Stack())


def test_a_label_set_is_a_counter_a_histogram_and_four_sums() -> None:
    assert scraped(more(request_sets=10)) == 10 * (1 + 22 + 4)


def test_kept_sizes_add_two_histograms_to_each_label_set() -> None:
    assert scraped(more(request_sets=10), stack(edge={"sizes": True})) == 10 * (1 + 3 * 22)


def test_connections_have_four_counters() -> None:
    assert scraped(more(tcp_sets=7)) == 28


def test_a_proxy_brings_its_own_series_and_those_of_its_scrape() -> None:
    assert scraped(more(proxies=3)) == 3 * (13 + 5)


def test_statistics_of_upstream_clusters_multiply_with_the_proxies() -> None:
    assert scraped(more(proxies=3, envoy_clusters=10)) - scraped(more(proxies=3)) == 3 * 10 * 33


def test_outcomes_are_recorded_with_their_buckets() -> None:
    assert recorded(more(request_groups=6)) == 6 * (1 + 20 + 1 + 1)


def test_bytes_are_recorded_by_edge_and_messages_where_there_are_any() -> None:
    assert recorded(more(edges=5)) == 5 * 4
    assert recorded(more(grpc_edges=5)) == 5 * 2


def test_nothing_is_recorded_of_a_control_plane_that_is_not_scraped() -> None:
    assert recorded(more(istiods=1)) > 300
    assert recorded(more(istiods=2)) - recorded(more(istiods=1)) < 30


def test_every_rule_records_something_in_a_mesh_that_has_everything() -> None:
    everything = TYPICAL.model_copy(update={"ztunnels": 5, "envoy_clusters": 50})
    assert recorded_series(everything, Stack()) >= sum(
        len(group["rules"]) for f in edge_rules(Stack()).values() for group in f["groups"]
    )


def test_samples_come_at_the_pace_of_scrapes_and_of_evaluations() -> None:
    series = edge_series(TYPICAL, Stack())
    size = estimate(TYPICAL, Stack()).edge
    expected = (series.scraped + OWN_SERIES) / 15 + series.recorded / 60
    assert size.samples_per_second == pytest.approx(expected, abs=0.001)
    assert size.series == series.total


def test_the_external_tier_holds_what_all_clusters_recorded() -> None:
    one = estimate(TYPICAL, Stack()).external
    two = estimate(TYPICAL, stack(clusters=[{"name": "east"}, {"name": "west"}])).external
    assert two.series - one.series == pytest.approx(one.series - 425 - 5, abs=20)


def test_a_pair_of_edge_servers_sends_everything_twice() -> None:
    one = estimate(TYPICAL, Stack()).external
    pair = estimate(TYPICAL, stack(edge={"replicas": 2})).external
    assert pair.series - one.series == pytest.approx(recorded_series(TYPICAL, Stack()), abs=20)


def test_the_edge_tier_is_sized_for_the_largest_cluster() -> None:
    two = stack(clusters=[{"name": "east"}, {"name": "west"}])
    found = estimate({"east": NOTHING, "west": TYPICAL}, two)
    assert found.edge == estimate(TYPICAL, Stack()).edge


def test_a_cluster_that_nobody_counted_is_named() -> None:
    two = stack(clusters=[{"name": "east"}, {"name": "west"}])
    with pytest.raises(InputError, match="cluster west was not counted"):
        estimate({"east": TYPICAL}, two)


counts = st.builds(
    MeshCounts.typical,
    services=st.integers(1, 3000),
    pods=st.integers(1, 20_000),
    gateways=st.integers(0, 50),
    envoy_clusters=st.integers(0, 100),
)


@given(counts, st.sampled_from(["1d", "2d", "2w", "1y"]))
def test_more_retention_needs_more_disk_and_nothing_else(mesh: MeshCounts, longer: str) -> None:
    short = estimate(mesh, stack(edge={"retention": "1h"})).edge
    long = estimate(mesh, stack(edge={"retention": longer})).edge
    assert long.disk_bytes > short.disk_bytes
    assert long.model_copy(update={"disk_bytes": short.disk_bytes}) == short


@given(counts)
def test_a_pod_asks_for_no_less_than_its_server_needs(mesh: MeshCounts) -> None:
    for size in (estimate(mesh, Stack()).edge, estimate(mesh, Stack()).external):
        asked = resources(size)
        assert _mebibytes(asked.memory_request) * 2**20 >= size.memory_bytes
        assert _mebibytes(asked.memory_limit) > _mebibytes(asked.memory_request)
        assert int(asked.retention_size.removesuffix("MB")) * 2**20 >= size.disk_bytes
        assert int(asked.storage.removesuffix("Gi")) * 1024 > int(
            asked.retention_size.removesuffix("MB")
        )
        assert int(asked.cpu_request.removesuffix("m")) >= size.cpu_cores * 1000


def _mebibytes(text: str) -> int:
    return int(text.removesuffix("Mi"))


def test_requests_of_a_known_size_are_these() -> None:
    size = TierSize(
        series=1, samples_per_second=1, disk_bytes=10 * 2**30, memory_bytes=2**30, cpu_cores=0.4
    )
    assert resources(size).model_dump() == {
        "cpu_request": "800m",
        "memory_request": "1280Mi",
        "memory_limit": "2048Mi",
        "storage": "16Gi",
        "retention_size": "13926MB",
    }
