"""Pods that are not scraped are noticed by what the other end of their calls counts."""

from __future__ import annotations

import pandas as pd
import pytest

from observe.telemetry.frames import EDGE_KEYS, EDGES, REQUESTS
from observe.telemetry.sides import side_warnings

Row = tuple[str, str, str, str, float]  # reporter, client/server, code, flags, requests


def _frames(*rows: Row) -> tuple[pd.DataFrame, pd.DataFrame]:
    edges, requests = [], []
    for number, (reporter, pair, code, flags, count) in enumerate(rows):
        client, server = pair.split(">")
        own = {"reporter": reporter, "source_workload": client, "destination_workload": server}
        edges.append(dict.fromkeys(EDGE_KEYS, "shop") | own | {"edge": number})
        for hour in range(2):
            time = pd.Timestamp("2026-01-05", tz="UTC") + pd.Timedelta(hours=hour)
            outcome = {"code": code, "flags": flags, "grpc_status": ""}
            requests.append({"time": time, "edge": number, "requests": count / 2} | outcome)
    return REQUESTS.conform(pd.DataFrame(requests)), EDGES.conform(pd.DataFrame(edges))


def test_sides_that_agree_but_for_the_edges_of_scrapes_need_no_word() -> None:
    rows: list[Row] = [
        ("source", "web>cart", "200", "-", 10_000),
        ("destination", "web>cart", "200", "-", 9_000),
    ]
    assert side_warnings(*_frames(*rows)) == []


def test_a_server_of_which_half_of_the_pods_are_not_scraped_is_named_with_its_share() -> None:
    rows: list[Row] = [
        ("source", "web>cart", "200", "-", 10_000),
        ("source", "app>cart", "200", "-", 2_000),
        ("destination", "web>cart", "200", "-", 5_000),
        ("destination", "app>cart", "200", "-", 1_000),
    ]
    (line,) = side_warnings(*_frames(*rows))
    assert ": shop/cart 50%; some" in line


def test_a_client_of_which_some_pods_are_not_scraped_is_named() -> None:
    rows: list[Row] = [
        ("source", "web>cart", "200", "-", 2_500),
        ("destination", "web>cart", "200", "-", 10_000),
    ]
    (line,) = side_warnings(*_frames(*rows))
    assert ": shop/web 25%; some" in line


@pytest.mark.parametrize(
    ("code", "flags"), [("503", "UF"), ("500", "-"), ("0", "DC"), ("429", "-")]
)
def test_what_only_one_side_sees_is_not_held_against_the_other(code: str, flags: str) -> None:
    rows: list[Row] = [
        ("source", "web>cart", "200", "-", 5_000),
        ("source", "web>cart", code, flags, 50_000),
        ("destination", "web>cart", "200", "-", 5_000),
    ]
    assert side_warnings(*_frames(*rows)) == []


def test_tries_of_grpc_that_are_repeated_are_not_held_against_the_client() -> None:
    requests, edges = _frames(
        ("source", "web>cart", "200", "-", 5_000),
        ("destination", "web>cart", "200", "-", 5_000),
        ("destination", "web>cart", "200", "-", 50_000),
    )
    status = requests["edge"].map({2: "14"}).fillna("0").astype("category")
    assert side_warnings(requests.assign(grpc_status=status), edges) == []


def test_few_answers_and_pairs_that_one_side_alone_tells_are_left_out() -> None:
    rows: list[Row] = [
        ("source", "web>cart", "200", "-", 900),
        ("destination", "web>cart", "200", "-", 100),
        ("source", "web>legacy", "200", "-", 9_000),  # no sidecar there
        ("destination", "unknown>cart", "200", "-", 9_000),
        ("source", "unknown>cart", "200", "-", 100),
    ]
    assert side_warnings(*_frames(*rows)) == []
    assert side_warnings(REQUESTS.empty(), EDGES.empty()) == []


def test_of_many_workloads_the_worst_are_named_and_the_others_counted() -> None:
    rows: list[Row] = []
    for number in range(5):
        rows.append(("source", f"web>s{number}", "200", "-", 10_000))
        rows.append(("destination", f"web>s{number}", "200", "-", 1_000 * (number + 1)))
    (line,) = side_warnings(*_frames(*rows))
    assert "shop/s0 10%, shop/s1 20%, shop/s2 30% and 2 more workloads;" in line
