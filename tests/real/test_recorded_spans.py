"""Recorded spans as proxies' counters, through a real Prometheus and the public path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from proxies import Between, scrapes
from real_quantiles import ENOUGH, predictions, quantile_errors, totals
from real_timeouts import END, START, judge
from spans import Recording, load, shared_folder

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.cli import main
from observe.demo.remote_write import push
from observe.mesh import Mesh, connect
from observe.recommend.model import Advice

FOLDER = shared_folder("nezha-onlineboutique")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.shared,
    pytest.mark.skipif(FOLDER is None, reason="the recorded spans are not there"),
]
WINDOW = END - START


@dataclass(frozen=True)
class Loaded:
    """The recording in a running Prometheus, and what was read back."""

    url: str
    mesh: Mesh
    advice: Advice


@pytest.fixture(scope="module")
def recording() -> Recording:
    assert FOLDER is not None
    return load(FOLDER)


@pytest.fixture(scope="module")
def idle(
    recording: Recording, prometheus_server: Callable[..., PrometheusServer]
) -> Iterator[Loaded]:
    yield loaded(recording, prometheus_server, "idle")


@pytest.fixture(scope="module")
def unrecorded(
    recording: Recording, prometheus_server: Callable[..., PrometheusServer]
) -> Iterator[Loaded]:
    yield loaded(recording, prometheus_server, "unrecorded")


def loaded(
    recording: Recording, server: Callable[..., PrometheusServer], between: Between
) -> Loaded:
    made = scrapes(recording.calls, recording.windows, between=between)
    prometheus = server(flags=HISTORY_FLAGS)
    push(prometheus.url, made.labels, made.times_ms, made.values)
    days = WINDOW / pd.Timedelta(days=1)
    mesh = connect(prometheus.url, days=days, end=END.to_pydatetime())
    return Loaded(prometheus.url, mesh, mesh.recommend())


def test_a_span_that_stands_in_two_files_counts_once(recording: Recording) -> None:
    assert recording.spans == 461_418
    assert recording.duplicates == 3_518
    assert recording.calls["reporter"].value_counts().to_dict() == {
        "destination": 120_182,
        "source": 110_907,
    }


def test_client_spans_give_the_call_graph_that_istio_gave(recording: Recording) -> None:
    assert FOLDER is not None
    listed = pd.read_csv(FOLDER / "2022-08-22" / "metric" / "dependency.csv")
    services = set(recording.calls["destination"])
    between = listed[listed["Source"].isin(services) & listed["Target"].isin(services)]
    graph = set(between[["Source", "Target"]].itertuples(index=False, name=None))
    clients = recording.calls[recording.calls["reporter"] == "source"]
    seen = clients[["source", "destination"]].itertuples(index=False, name=None)
    assert set(seen) == graph
    assert len(graph) == 14


def test_clients_and_servers_counted_the_same_calls(recording: Recording) -> None:
    sides = recording.calls.groupby(["source", "destination", "reporter"]).size().unstack()
    both = sides.dropna()
    assert (both["source"] == both["destination"]).all()
    assert len(both) == 13
    # checkout's calls of the currency service have no span on the server's side
    assert sides.loc[("checkoutservice", "currencyservice"), "source"] == 1_331


def test_clients_waited_longer_than_servers_worked(recording: Recording) -> None:
    medians = recording.calls.groupby(["source", "destination", "reporter"])["duration_ms"].median()
    sides = medians.unstack().dropna()
    assert (sides["source"] > sides["destination"]).all()


def test_totals_of_idle_proxies_are_read_within_one_per_cent(
    idle: Loaded, recording: Recording
) -> None:
    table = totals(idle.mesh.snapshot, recording.calls)
    assert len(table) == 28
    assert table["error"].abs().max() < 0.01
    assert idle.mesh.snapshot.manifest.source.scrape_interval_seconds == 15


def test_increase_reaches_into_gaps_and_the_tool_says_that_they_are_there(
    unrecorded: Loaded, recording: Recording
) -> None:
    table = totals(unrecorded.mesh.snapshot, recording.calls)
    # PromQL extrapolates by half a scrape at both ends of each of twelve short windows.
    assert table["error"].between(0.05, 0.15).all()
    source = unrecorded.mesh.snapshot.manifest.source
    assert source.coverage < 0.9
    assert any("nothing was recorded" in warning for warning in source.warnings)
    for proposal in unrecorded.advice.timeouts:
        assert proposal.confidence == "low"
        assert {"LOW_COVERAGE", "SHORT_WINDOW"} <= set(proposal.reasons)


def test_exact_quantiles_lie_where_the_buckets_say(idle: Loaded, recording: Recording) -> None:
    errors = quantile_errors(idle.mesh.snapshot, recording.calls)
    judged = errors[(errors["calls"] >= ENOUGH) | (errors["level"] <= 0.9)]
    assert len(judged) == 44
    assert judged["inside"].all()
    median = judged.assign(error=judged["error"].abs(), linear=judged["linear"].abs())
    median = median.groupby("level")[["error", "linear"]].median()
    assert median.loc[0.5, "error"] < 0.04
    assert median.loc[0.99, "error"] < 0.12
    assert (median["error"] < median["linear"]).loc[[0.5, 0.99, 0.999]].all()


def test_services_with_too_few_calls_get_no_timeout(idle: Loaded) -> None:
    withheld = {
        w.target.service.split(".")[0]: w.reason for w in idle.advice.withheld_of("timeout")
    }
    assert withheld == {
        "checkoutservice": "TOO_FEW_REQUESTS",
        "emailservice": "TOO_FEW_REQUESTS",
        "paymentservice": "TOO_FEW_REQUESTS",
        "frontend": "SOURCE_WITHOUT_METRICS",
    }
    assert len(idle.advice.timeouts) == 6


def test_what_a_timeout_is_predicted_to_cut_holds_for_the_exact_calls(
    idle: Loaded, recording: Recording
) -> None:
    table = predictions(idle.advice, recording.calls)
    assert len(table) == 6
    inside = table["exact"].between(table["low"], table["high"])
    assert inside.sum() >= 5
    # no call of the ad service took as long, and the interval begins at a part of one call
    calls = recording.calls.groupby(["reporter", "destination"]).size()["source"]
    low_calls = table["low"] * table["service"].map(calls)
    assert ((table["exact"] == 0) & (low_calls < 1))[~inside].all()


def test_later_calls_without_a_fault_stay_within_the_budget(recording: Recording) -> None:
    table = judge(recording, recording.calls)
    given = table[[cut is not None for cut in table["ours normal"]]]
    assert len(given) == 5
    assert [cut.verdict for cut in given["ours normal"]].count("no") == 0
    calls, cut = (sum(getattr(c, name) for c in given["ours normal"]) for name in ("calls", "cut"))
    assert calls == 23_529
    assert cut / calls <= 0.001


def test_the_command_writes_what_the_library_recommends(idle: Loaded, tmp_path: Path) -> None:
    arguments = ["--quiet", "report", "--prometheus", idle.url, "--end", END.isoformat()]
    arguments += ["--window", f"{WINDOW // pd.Timedelta(minutes=1)}m", "--output", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "recommendations.json").read_text())
    expected = json.loads(idle.advice.model_dump_json(by_alias=True))
    assert written["recommendations"] == expected["recommendations"]
    assert written["withheld"] == expected["withheld"]
