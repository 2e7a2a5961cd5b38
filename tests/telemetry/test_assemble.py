from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from observe.telemetry import build
from observe.telemetry.assemble import Table, join, tabulate, with_cluster
from observe.telemetry.catalogue import EDGE_LABELS, ENTRIES
from observe.telemetry.decode import QueryResult
from observe.telemetry.frames import ALL
from observe.telemetry.pieces import Piece

START = datetime(2026, 3, 2, tzinfo=UTC)
BY_NAME = {entry.name: entry for entry in ENTRIES}
EDGE = dict.fromkeys(EDGE_LABELS, "x") | {
    "reporter": "source",
    "cluster": "",
    "source_cluster": "east",
    "destination_cluster": "west",
}
OK = {"response_code": "200", "response_flags": "-", "grpc_response_status": ""}


def _table(name: str, *series: tuple[dict[str, str], list[float]], hour: int = 0) -> Table:
    """Values of consecutive hours; NaN for an absent sample."""
    start = START + timedelta(hours=hour)
    hours = len(series[0][1])
    first = start.timestamp() + 3600
    at = np.tile((first + 3600 * np.arange(hours)) * 1000, len(series)).astype(np.int64)
    result = QueryResult(
        labels=tuple(labels for labels, _ in series),
        series=np.repeat(np.arange(len(series), dtype=np.int32), hours),
        times_ms=at,
        values=np.array([v for _, values in series for v in values], dtype=np.float64),
    )
    return tabulate(Piece(BY_NAME[name], start, 3600, hours), result)


def _frames(**tables: Table) -> dict[str, Table]:
    edges, numbered = build.numbered(tables)
    assert edges["edge"].tolist() == list(range(len(edges)))
    return numbered


def test_a_row_is_labelled_with_the_start_of_its_step_and_zeros_are_dropped() -> None:
    tables = _frames(requests=_table("requests", (EDGE | OK, [5, 0, 7])))
    frame = build.requests(tables["requests"])
    assert frame["time"].tolist() == [START, START + timedelta(hours=2)]
    assert frame["requests"].tolist() == [5, 7]
    assert frame["code"].tolist() == ["200", "200"]


@pytest.mark.parametrize(
    ("labels", "cluster"),
    [
        ({"cluster": "prod"}, "prod"),
        ({"reporter": "source"}, "east"),
        ({"reporter": "destination"}, "west"),
        ({"reporter": "waypoint"}, "west"),
        ({"cluster": "unknown"}, "east"),
        ({"source_cluster": "unknown"}, ""),
        ({"source_cluster": ""}, ""),
    ],
)
def test_the_cluster_of_an_edge_is_that_of_its_reporter(
    labels: dict[str, str], cluster: str
) -> None:
    resolved = with_cluster(pd.DataFrame([EDGE | labels]))
    assert resolved["cluster"].tolist() == [cluster]
    assert "source_cluster" not in resolved


def test_series_that_turn_out_to_be_one_edge_are_added_up() -> None:
    other = EDGE | {"destination_cluster": "south"}
    tables = _frames(requests=_table("requests", (EDGE | OK, [5]), (other | OK, [6])))
    frame = build.requests(tables["requests"])
    assert frame["requests"].tolist() == [11]


def test_pieces_whose_series_come_in_another_order_fit_together() -> None:
    bad = OK | {"response_code": "503", "response_flags": "UH"}
    first = _table("requests", (EDGE | OK, [1]), (EDGE | bad, [2]))
    second = _table("requests", (EDGE | bad, [4]), (EDGE | OK, [8]), hour=1)
    whole = join([first, second])
    assert whole is not None
    frame = build.requests(_frames(requests=whole)["requests"])
    got = list(zip(frame["time"].dt.hour, frame["code"], frame["requests"], strict=True))
    assert got == [(0, "200", 1), (0, "503", 2), (1, "200", 8), (1, "503", 4)]


def test_buckets_become_plain_counts_with_both_ends() -> None:
    rows = [({"le": "+Inf"}, 10.0), ({"le": "5"}, 4.0), ({"le": "0.5"}, 1.0)]
    series = [(EDGE | OK | le, [value]) for le, value in rows]
    frame = build.latency(_frames(latency=_table("latency", *series))["latency"])
    got = frame[["gt", "le", "requests"]].to_numpy().tolist()
    assert got == [[0, 0.5, 1], [0.5, 5, 3], [5, np.inf, 6]]


def test_outcomes_have_histograms_of_their_own() -> None:
    bad = OK | {"response_code": "503"}
    series = [
        (EDGE | outcome | {"le": le}, [value])
        for outcome, le, value in (
            *((OK, "1", 3.0), (OK, "+Inf", 4.0)),
            *((bad, "1", 0.0), (bad, "+Inf", 2.0)),
        )
    ]
    frame = build.latency(_frames(latency=_table("latency", *series))["latency"])
    assert frame.groupby("code", observed=True)["requests"].sum().to_dict() == {"200": 4, "503": 2}
    assert len(frame) == 3  # nothing was answered with 503 within a millisecond


def test_a_count_without_a_sum_stays_and_has_a_sum_of_zero() -> None:
    bad = OK | {"response_code": "503"}
    count = _table("latency-count", (EDGE | OK, [4]), (EDGE | bad, [2]))
    total = _table("latency-sum", (EDGE | OK, [40]), (EDGE | bad, [0]))
    tables = _frames(count=count, total=total)
    frame = build.latency_sum(tables["total"], tables["count"])
    assert frame[["code", "sum_ms", "requests"]].to_numpy().tolist() == [
        ["200", 40, 4],
        ["503", 0, 2],
    ]


def test_messages_are_summed_over_the_window_by_direction() -> None:
    up, down = ({"direction": d} for d in ("request", "response"))
    one_way = EDGE | {"source_workload": "y"}
    table = _table("messages", (EDGE | up, [1, 2]), (EDGE | down, [30, 0]), (one_way | up, [7, 0]))
    frame = build.messages(_frames(messages=table)["messages"])
    assert frame.to_numpy().tolist() == [[0, 3, 30], [1, 7, 0]]


def test_containers_keep_zero_and_leave_absent_series_empty() -> None:
    labels = {"cluster": "", "namespace": "shop", "workload": "web", "container": "app"}
    cpu = _table("cpu", (labels, [0.0, 0.5]))
    memory = _table("memory", (labels, [float("nan"), 100.0]))
    frame = build.containers({"cpu": cpu, "memory": memory})
    assert frame["cpu_cores"].tolist() == [0, 0.5]
    assert frame["memory_bytes"].isna().tolist() == [True, False]
    assert frame["cpu_throttled"].isna().all()


def test_edges_are_numbered_the_same_whatever_the_order_of_series() -> None:
    other = EDGE | {"source_workload": "a"}
    first, _ = build.numbered({"r": _table("requests", (EDGE | OK, [1]), (other | OK, [1]))})
    second, _ = build.numbered({"r": _table("requests", (other | OK, [1]), (EDGE | OK, [1]))})
    pd.testing.assert_frame_equal(first, second)


def test_nothing_gives_empty_frames_of_the_right_shape() -> None:
    frames = {
        "requests": build.requests(None),
        "latency": build.latency(None),
        "latency_sum": build.latency_sum(None, None),
        "messages": build.messages(None),
        "containers": build.containers({}),
    }
    for spec in ALL:
        if spec.name in frames:
            pd.testing.assert_frame_equal(frames[spec.name], spec.empty())
    assert join([]) is None
