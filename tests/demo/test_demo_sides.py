"""Side series go on whatever moments are asked for, and stay out of the week's reports."""

from __future__ import annotations

import numpy as np
from meshes import MONDAY, mesh

from observe.demo.sides import SIDE_SECONDS, side_block
from observe.demo.simulate import SeriesBlock

END_MS = round(MONDAY.timestamp() * 1000)


def _row(block: SeriesBlock, name: str) -> list[float]:
    return next(
        values.tolist()
        for labels, values in zip(block.labels, block.values, strict=True)
        if labels["__name__"] == name
    )


def test_a_counter_asked_for_alone_is_the_one_asked_for_with_its_past() -> None:
    times = END_MS + np.array([-600_000, 0, 600_000])
    together = side_block(mesh(), END_MS, times)
    alone = side_block(mesh(), END_MS, times[2:])
    assert [one["__name__"] for one in alone.labels] == [one["__name__"] for one in together.labels]
    for name in ("pilot_xds_pushes", "istio_tcp_sent_bytes_total"):
        assert _row(alone, name)[0] == _row(together, name)[2]


def test_counters_never_fall() -> None:
    times = END_MS + 60_000 * np.arange(-1440, 1440)
    block = side_block(mesh(), END_MS, times)
    counters = [i for i, one in enumerate(block.labels) if one["__name__"].endswith("_total")]
    assert len(counters) > 20
    steps = np.diff(block.values[counters], axis=1)
    assert (steps[~np.isnan(steps)] >= 0).all()


def test_requests_of_the_ambient_corner_begin_where_the_window_ends() -> None:
    times = END_MS + np.array([-1000 * SIDE_SECONDS + 60_000, -1, 0, 60_000])
    block = side_block(mesh(), END_MS, times)
    requests = np.array(_row(block, "istio_requests_total"))
    assert np.isnan(requests[:2]).all()
    assert (requests[2:] > 0).all()
    assert not np.isnan(_row(block, "istio_tcp_sent_bytes_total")).any()
