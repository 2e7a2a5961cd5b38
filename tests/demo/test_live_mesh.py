"""The mesh goes on where its week ended: no counter falls, jumps or changes its name."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from meshes import MONDAY, mesh

from observe.demo.live_mesh import LiveMesh, joined, phase_of, source_of, value_at
from observe.demo.rates import Floats
from observe.demo.simulate import SeriesBlock, simulate

#: Counts go up when the next whole number is reached.
SMALL = np.float64(0.001)
DAY = timedelta(days=1)
END_MS = round((MONDAY + DAY).timestamp() * 1000)
PODS = ("east", "kubernetes-pods")


def _live() -> tuple[LiveMesh, SeriesBlock, list[SeriesBlock]]:
    """A mesh after its first day, that day, and the two that follow."""
    blocks = simulate(mesh(), 1, MONDAY, 4)
    next(blocks)
    first, today, tomorrow = next(blocks), next(blocks), next(blocks)
    return (
        LiveMesh(mesh().starting(MONDAY), END_MS, today, iter([tomorrow])),
        first,
        [
            today,
            tomorrow,
        ],
    )


def _samples(page: str) -> dict[str, float]:
    lines = (re.fullmatch(r"(.+\}) (\S+)", line) for line in page.splitlines())
    return {found[1]: float(found[2]) for found in lines if found}


def _requests(page: str) -> float:
    return sum(v for k, v in _samples(page).items() if k.startswith("istio_requests_total{"))


def _block(*values: list[float]) -> SeriesBlock:
    labels = [{"__name__": "x", "n": str(i)} for i in range(len(values))]
    times = np.arange(len(values[0]), dtype=np.int64) * 60_000 + 1_000_000
    return SeriesBlock(labels, times, np.array(values))


def test_between_two_scrapes_a_counter_lies_on_the_line_between_them() -> None:
    block = _block([0, 10, 20], [0, 1, 1], [0.5, 0.7, 0.9])
    assert value_at(block, 1_000_000 + 75_000, SMALL).tolist() == pytest.approx([12, 1, 0.75])
    assert value_at(block, 1_000_000 + 59_000, SMALL).tolist()[:2] == [9, 0]


@pytest.mark.parametrize("phase", [np.float64(0.001), np.float64(0.999)])
def test_at_a_scrape_the_value_is_that_of_the_scrape(phase: Floats) -> None:
    block = _block([3, 11, 20], [0.25, 0.5, 0.75])
    for column, ms in enumerate(block.timestamps_ms.tolist()):
        assert value_at(block, ms, phase).tolist() == block.values[:, column].tolist()


def test_counts_do_not_all_go_up_at_the_end_of_the_minute() -> None:
    labels = [{"__name__": "x", "n": str(i)} for i in range(1000)]
    phases = np.array([phase_of(one) for one in labels])
    times = np.array([0, 60_000])
    block = SeriesBlock(labels, times, np.tile([0.0, 1.0], (1000, 1)))
    by_then = [float(value_at(block, ms, phases).sum()) for ms in range(0, 61_000, 10_000)]
    assert by_then == pytest.approx([0, 167, 333, 500, 667, 833, 1000], abs=40)


def test_buckets_of_one_histogram_go_up_together() -> None:
    names = ("x_bucket", "x_count")
    phases = {phase_of({"__name__": n, "le": le, "pod": "a"}) for n in names for le in ("1", "2")}
    assert len(phases) == 1
    assert phase_of({"__name__": "x_bucket", "le": "1", "pod": "b"}) not in phases


def test_outside_a_block_its_ends_hold() -> None:
    block = _block([3, 11, 20])
    assert value_at(block, 0, SMALL).tolist() == [3]
    assert value_at(block, 9e9, SMALL).tolist() == [20]


def test_a_series_is_there_from_its_first_scrape_on() -> None:
    block = _block([np.nan, 4, 6])
    assert np.isnan(value_at(block, 1_000_000 + 59_000, SMALL)).all()
    assert value_at(block, 1_000_000 + 90_000, SMALL).tolist() == [5]


def test_days_are_joined_by_series_and_not_by_row() -> None:
    before, after = _block([1, 2], [10, 20]), _block([5, 6], [7, 8], [30, 40])
    after.labels[0], after.labels[2] = {"__name__": "x", "n": "1"}, {"__name__": "x", "n": "0"}
    after.labels[1] = {"__name__": "x", "n": "new"}
    values = joined(before, after).values
    assert values[0].tolist() == [20, 5, 6]
    assert values[2].tolist() == [2, 30, 40]
    assert np.isnan(values[1, 0])


def test_pages_show_what_the_scrapes_of_the_day_are() -> None:
    live, _, (today, _) = _live()
    moment = 77
    page = _samples(live.page(PODS, int(today.timestamps_ms[moment])))
    got = {series: value for series, value in page.items() if "_bytes_" not in series}  # beside it
    own = [i for i, labels in enumerate(today.labels) if source_of(labels) == PODS]
    expected = today.values[own, moment]
    assert sorted(got.values()) == sorted(expected[~np.isnan(expected)].tolist())
    assert len(got) > 50


def test_no_series_of_the_week_changes_its_name_or_falls() -> None:
    live, first, _ = _live()
    page = _samples(live.page(PODS, END_MS + 300_000))
    lasting = 0
    for labels, values in zip(first.labels, first.values, strict=True):
        if source_of(labels) == PODS and not np.isnan(values[-1]):
            name = labels["__name__"]
            pairs = [f'{k}="{v}"' for k, v in labels.items() if v and k != "__name__"]
            now = page[f"{name}{{{','.join(pairs)}}}"]
            assert now >= values[-1]
            lasting += 1
    assert lasting > 50


def test_counters_go_on_at_their_pace_over_the_end_of_the_week_and_over_midnight() -> None:
    live, first, (today, _) = _live()
    rows = [i for i, one in enumerate(first.labels) if one["__name__"] == "istio_requests_total"]
    last = np.nansum(first.values[rows, -1])  # 13 s before the end
    minutes = [END_MS + 60_000 * minute for minute in range(1, 30)]
    totals = [float(last), *(_requests(live.page(PODS, ms)) for ms in minutes)]
    steps = np.diff(totals)
    assert (steps > 0).all()
    assert steps[0] / 73 == pytest.approx(steps[1:].mean() / 60, rel=0.5)
    midnight = int(today.timestamps_ms[-1])
    around = [_requests(live.page(PODS, midnight + 20_000 * i)) for i in range(-6, 7)]
    grown = [after - before for before, after in pairwise(around)]
    assert min(grown) > 0.4 * np.mean(grown)
    assert max(grown) < 1.8 * np.mean(grown)


def test_every_program_of_each_cluster_has_an_address() -> None:
    jobs = {job for cluster, job in _live()[0].sources() if cluster == "east"}
    assert jobs == {
        *("kubernetes-pods", "kubernetes-nodes-cadvisor", "istio-sidecars", "istio-waypoints"),
        *("istiod", "kube-state-metrics", "kubelet-cadvisor", "ztunnel"),
    }


def test_what_prometheus_says_of_itself_is_left_to_the_real_one() -> None:
    live = _live()[0]
    names = {
        series.partition("{")[0]
        for source in live.sources()
        for series in _samples(live.page(source, END_MS + 60_000))
    }
    assert not {n for n in names if n == "up" or n.startswith(("prometheus_", "scrape_"))}
    assert "pilot_xds_pushes" in names
