"""A real Prometheus that answers in part, warns, or holds odd telemetry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from known_week import END, SHARES, WEB, Week
from running import Observe, Run
from scripted_api import Api, Asked, Reply, failure

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push

pytestmark = pytest.mark.integration
Serve = Callable[..., Api]
Change = Callable[[Asked, Reply], Reply]
HOURS = 30
RATE = 600


def _thirty_hours() -> Week:
    """Nothing yet; all that will be is faster than a second."""
    return Week(start=END - timedelta(hours=HOURS), shares=(*SHARES[:-3], 0.045, 0.0048, 0.0002))


def _week(**places: dict[str, str]) -> Week:
    """Thirty hours of a steady rate; one pod a place."""
    week = _thirty_hours()
    for pod, place in places.items():
        week.add(pod, np.full(len(week.times_ms), RATE, dtype=np.int64), labels=WEB | place)
    return week


@pytest.fixture(scope="module")
def prometheus(prometheus_server: Callable[..., PrometheusServer]) -> Callable[[Week], str]:
    """A factory: the address of a Prometheus that holds a week."""

    def start(week: Week) -> str:
        server = prometheus_server(flags=HISTORY_FLAGS)
        push(server.url, week.labels, week.times_ms, week.values)
        return server.url

    return start


@pytest.fixture(scope="module")
def two_clusters(prometheus: Callable[[Week], str]) -> str:
    west = {"source_cluster": "west", "destination_cluster": "west"}
    return prometheus(_week(east={}, west=west))


def _between(url: str, change: Change) -> Callable[[Asked], Reply]:
    """Answers of the Prometheus at `url`, changed on the way."""

    def answer(asked: Asked) -> Reply:
        got = requests.request(
            asked.method, url + asked.path, params=asked.query, data=asked.form, timeout=30
        )
        return change(asked, Reply(got.status_code, got.content))

    return answer


def _report(observe: Observe, url: str, *more: str, window: str = f"{HOURS}h") -> Run:
    end = f"{END:%Y-%m-%dT%H:%MZ}"
    return observe(
        *("report", "--prometheus", url, "--output", "out", "--window", window, "--end", end, *more)
    )


def _advice(folder: Path) -> dict[str, Any]:
    """The document that was written, with its timeouts only."""
    document = json.loads((folder / "out/recommendations.json").read_text())
    for part in ("recommendations", "withheld"):
        document[part] = [entry for entry in document[part] if entry["kind"] == "timeout"]
    return document


def _asks_buckets(asked: Asked) -> bool:
    query = asked.params.get("query", "")
    return asked.path.endswith("query_range") and "milliseconds_bucket" in query and "le" in query


def test_two_clusters_with_the_same_service_are_two_targets(
    observe: Observe, two_clusters: str, tmp_path: Path
) -> None:
    run = _report(observe, two_clusters)
    assert run.code == 0, run.err
    advice = _advice(tmp_path)
    found = {r["target"]["cluster"]: r["evidence"]["requests"] for r in advice["recommendations"]}
    good = RATE * 60 * HOURS
    assert found == {"east": pytest.approx(good, rel=0.01), "west": pytest.approx(good, rel=0.01)}
    lines = [line.split()[:2] for line in run.out.splitlines() if "/shop/pay" in line]
    assert sorted(lines) == sorted(
        [target, kind]
        for target in ("east/shop/pay", "west/shop/pay")
        for kind in ("connection", "timeout")
    )
    assert advice["missing"] == []


def test_a_service_in_two_clusters_must_be_named_with_its_cluster(
    observe: Observe, two_clusters: str
) -> None:
    _report(observe, two_clusters)
    run = observe("explain", "pay", "--snapshot", "out/snapshot")
    assert run.code == 2
    assert "is the name of several targets. Say which: east/shop/pay, west/shop/pay" in run.error
    assert observe("explain", "west/shop/pay", "--snapshot", "out/snapshot").code == 0


def test_what_the_server_refuses_for_ever_is_missing_and_named(
    observe: Observe, api: Serve, two_clusters: str, tmp_path: Path
) -> None:
    def refuse(asked: Asked, reply: Reply) -> Reply:
        if _asks_buckets(asked):
            return failure(422, "execution", "query processing would load too many samples")
        return reply

    run = _report(observe, api(_between(two_clusters, refuse)).url)
    assert run.code == 3
    assert "the Prometheus answered in part; missing: latency. What was written says" in run.error
    assert "warning: missing: latency" in run.err
    assert "too many samples" in run.err
    advice = _advice(tmp_path)
    assert {piece["query"] for piece in advice["missing"]} == {"latency"}
    assert advice["recommendations"] == []
    assert len(advice["withheld"]) == 2
    for name in ("report.html", "report.md"):
        assert "latency" in (tmp_path / "out" / name).read_text()
    quiet = observe("-q", "report", "--snapshot", "out/snapshot")
    assert quiet.code == 3  # the snapshot remembers
    assert quiet.err.splitlines() == [f"error: {quiet.error}"]
    assert observe("export", "--recommendations", "out", "--diff").code == 3


def test_a_server_that_bears_only_short_queries_gets_shorter_ones(
    observe: Observe, api: Serve, two_clusters: str, tmp_path: Path
) -> None:
    refused: list[float] = []

    def refuse(asked: Asked, reply: Reply) -> Reply:
        span = float(asked.params.get("end", 0)) - float(asked.params.get("start", 0))
        if _asks_buckets(asked) and span > 8 * 3600:
            refused.append(span)
            return failure(422, "execution", "query processing would load too many samples")
        return reply

    run = _report(observe, api(_between(two_clusters, refuse)).url)
    assert run.code == 0, run.err
    assert refused
    assert len(_advice(tmp_path)["recommendations"]) == 2


def test_warnings_of_the_server_are_shown_harmless_and_kept(
    observe: Observe, api: Serve, two_clusters: str, tmp_path: Path
) -> None:
    said = "store \x1b[31mwest[/bold]\x07 is away"

    def warn(asked: Asked, reply: Reply) -> Reply:
        if not asked.path.endswith("query_range"):
            return reply
        return replace(
            reply, body=json.dumps(json.loads(reply.body) | {"warnings": [said]}).encode()
        )

    run = _report(observe, api(_between(two_clusters, warn)).url)
    assert run.code == 0, run.err
    assert "warning: store \ufffd[31mwest[/bold]\ufffd is away" in run.err.splitlines()
    assert _advice(tmp_path)["source"]["warnings"] == [said]
    assert "is away" in (tmp_path / "out/report.md").read_text()


def test_samples_that_are_no_numbers_are_left_out_and_counted(
    observe: Observe, api: Serve, two_clusters: str, tmp_path: Path
) -> None:
    def spoil(asked: Asked, reply: Reply) -> Reply:
        if not _asks_buckets(asked):
            return reply
        answer = json.loads(reply.body)
        for series in answer["data"]["result"]:
            series["values"][0][1], series["values"][1][1] = "NaN", "+Inf"
        return replace(reply, body=json.dumps(answer).encode())

    run = _report(observe, api(_between(two_clusters, spoil)).url)
    assert run.code == 0, run.err
    assert "samples that were NaN or infinite were left out:" in run.err
    assert len(_advice(tmp_path)["recommendations"]) == 2


def test_a_connection_that_breaks_in_the_middle_keeps_what_came(
    observe: Observe, api: Serve, two_clusters: str, tmp_path: Path
) -> None:
    def cut(asked: Asked, reply: Reply) -> Reply:
        return replace(reply, body=reply.body[:40], length=9999) if _asks_buckets(asked) else reply

    run = _report(observe, api(_between(two_clusters, cut)).url)
    assert run.code == 3
    assert "missing: latency" in run.error
    assert "was cut in the middle" in run.err
    assert (tmp_path / "out/snapshot/manifest.json").exists()


def test_a_collected_part_is_exit_code_three_too(
    observe: Observe, api: Serve, two_clusters: str
) -> None:
    def deny(asked: Asked, reply: Reply) -> Reply:
        return failure(500, "internal", "disk") if _asks_buckets(asked) else reply

    url, end = api(_between(two_clusters, deny)).url, f"{END:%Y-%m-%dT%H:%MZ}"
    run = observe("collect", "--prometheus", url, "--window", f"{HOURS}h", "--end", end)
    assert run.code == 3
    assert run.out == "observe-snapshot\n"
    assert "missing: latency" in run.error


def test_a_window_beyond_the_retention_is_said_and_lowers_the_coverage(
    observe: Observe, two_clusters: str, tmp_path: Path
) -> None:
    run = _report(observe, two_clusters, window="4d")
    assert run.code == 0, run.err
    assert "nothing was recorded before" in run.err
    coverage = _advice(tmp_path)["source"]["coverage"]
    assert coverage == pytest.approx(HOURS / 96, abs=0.02)


def test_replaced_and_restarted_pods_gaps_and_copies_are_counted_once(
    observe: Observe, prometheus: Callable[[Week], str], tmp_path: Path
) -> None:
    week = _thirty_hours()
    size = len(week.times_ms)
    steady = np.full(size, RATE, dtype=np.int64)
    a, b = ({"prometheus_replica": name} for name in "ab")
    week.add("p", steady, labels=WEB | a, reset_at=700, gap=slice(400, 500))
    week.add("p", steady, labels=WEB | b, reset_at=700)
    run = _report(observe, prometheus(week))
    assert run.code == 0, run.err
    assert "told apart by prometheus_replica" in run.err
    (one,) = _advice(tmp_path)["recommendations"]
    # One copy of two lacks 100 scrapes of 1,800, and the copies are averaged.
    assert one["evidence"]["requests"] == pytest.approx(RATE * 60 * HOURS, rel=0.02)


def test_a_mesh_without_traffic_gets_a_report_that_says_why_it_is_empty(
    observe: Observe, prometheus: Callable[[Week], str], tmp_path: Path
) -> None:
    week = _thirty_hours()
    week.add("p", np.zeros(len(week.times_ms), dtype=np.int64), labels=WEB)
    run = _report(observe, prometheus(week))
    assert run.code == 0, run.err
    assert run.out.startswith("0 to change, 0 fit as they are, 4 withheld")
    assert "nothing can be recommended" in run.err
    document = json.loads((tmp_path / "out/recommendations.json").read_text())
    assert [w["reason"] for w in document["withheld"]] == ["TOO_FEW_REQUESTS"] * 4
    assert "no requests came in this window" in (tmp_path / "out/report.md").read_text()


def test_a_window_without_anything_gets_a_report_that_says_what_to_do(
    observe: Observe, prometheus: Callable[[Week], str], tmp_path: Path
) -> None:
    week = _thirty_hours()
    steady = np.full(len(week.times_ms), RATE, dtype=np.int64)
    week.add("p", steady, labels=WEB, gap=slice(60, 1740))
    end = f"{END - timedelta(hours=8):%Y-%m-%dT%H:%MZ}"
    run = observe("report", "--prometheus", prometheus(week), "--window", "12h", "--end", end)
    assert run.code == 0, run.err
    assert "no requests were recorded between" in run.err
    assert "choose another window" in run.err
    assert "observe doctor says since when there are samples" in " ".join(run.err.split())
    assert run.out.startswith("0 to change, 0 fit as they are, 0 withheld")
    assert "choose another window" in (tmp_path / "observe-report/report.md").read_text()
    assert "choose another window" in (tmp_path / "observe-report/report.html").read_text()
    export = observe("export", "--snapshot", "observe-report/snapshot")
    assert export.code == 0
    assert "0 recommendations are written" in export.err
