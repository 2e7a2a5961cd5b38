"""The doctor at real servers, at one that hides its index, and at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import numpy as np
import pytest
import requests
from click.testing import CliRunner, Result
from known_week import END, LES, WEB, Week
from scripted_api import Api, Asked, Reply, failure

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.cli.main import main
from observe.demo.remote_write import push
from observe.doctor.checks import diagnose
from observe.doctor.examine import Examination
from observe.doctor.facts import Coverage, Facts
from observe.telemetry.client import PrometheusClient

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
WINDOW = timedelta(hours=6)


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    """Six hours; one namespace loses every second scrape, one workload has fewer buckets."""
    week = Week(start=END - WINDOW)
    size = len(week.times_ms)
    week.add("p", np.full(size, 60), labels=WEB)
    week.add("q", np.full(size, 60), labels=WEB | {"source_workload": "few"})
    week.rows[-3] *= np.nan  # one bucket of "few"
    where = {"source_workload_namespace": "other", "exported_job": "x"}
    week.add("r", np.full(size, 60), labels=WEB | where)
    half = slice(len(week.rows) - len(LES) - 3, None)
    for row in week.rows[half]:
        row[::2] = np.nan
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


def _facts(url: str) -> Facts:
    with PrometheusClient(url) as client:
        return Examination(client, END, WINDOW).facts()


@integration
def test_facts_are_those_of_what_was_written(server: PrometheusServer) -> None:
    facts = _facts(server.url)
    assert facts.kind == "raw"
    assert facts.remote_read is True
    assert facts.reporters == ("source",)
    assert facts.interval_seconds == 60
    assert facts.history_seconds == WINDOW.total_seconds()
    assert facts.fresh_seconds == pytest.approx(0, abs=61)
    assert facts.skew_seconds == pytest.approx(0, abs=1)
    assert facts.buckets == LES
    assert facts.uneven_buckets == 1
    assert facts.cluster_stats == frozenset()
    assert facts.kept_away == {}
    assert facts.labels is not None
    assert {"exported_job", "pod", "source_workload"} <= facts.labels
    assert facts.coverage == (
        Coverage("east", "other", pytest.approx(0.5, abs=0.03)),
        Coverage("east", "shop", pytest.approx(1, abs=0.02)),
    )


@integration
def test_the_index_may_be_kept_away(server: PrometheusServer, api: Callable[..., Api]) -> None:
    """A proxy that passes nothing but queries: the same facts, and what was hidden is named."""

    def forward(asked: Asked) -> Reply:
        if not asked.path.endswith(("/query", "/query_range")):
            return failure(403, "", "not allowed")
        answer = requests.post(server.url + asked.path, data=asked.params, timeout=10)
        return Reply(answer.status_code, answer.content)

    open_facts, facts = _facts(server.url), _facts(api(forward).url)
    assert facts.kept_away == {"names of labels": "only one series was looked at"}
    assert facts.remote_read is False
    assert facts.server == "Prometheus API"
    assert facts.names == open_facts.names
    unlike = {k for k, v in asdict(facts).items() if v != asdict(open_facts)[k]}
    assert unlike <= {"url", "server", "remote_read", "kept_away", "labels", "skew_seconds"}
    assert facts.labels is not None
    assert set(WEB) - {"grpc_response_status"} <= facts.labels
    statuses = {c.name: c.status for c in diagnose(facts).checks}
    assert statuses["server"] == "WARN"
    assert statuses["labels"] == "OK"


def _observe(*arguments: str) -> Result:
    end = END.strftime("%Y-%m-%dT%H:%MZ")
    return CliRunner().invoke(
        main, ["doctor", "--window", "6h", "--end", end, *arguments], env={"COLUMNS": "200"}
    )


@integration
def test_the_table_shows_status_reason_and_fix(server: PrometheusServer) -> None:
    run = _observe("--prometheus", server.url)
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[0] == server.url
    (low,) = [line for line in lines if line.startswith("coverage")]
    assert "WARN" in low or "FAIL" in low
    assert "east/other (" in low
    assert "Look for targets that are down" in low
    assert "  meshConfig:" in lines
    assert "      proxyStatsMatcher:" in lines


@integration
def test_fail_on_decides_the_exit_code(server: PrometheusServer) -> None:
    assert _observe("--prometheus", server.url, "--fail-on", "warn").exit_code == 1
    assert _observe("--prometheus", server.url, "--fail-on", "fail").exit_code == 1


@integration
def test_a_dead_server_among_several_is_named(server: PrometheusServer, unused_port: int) -> None:
    dead = f"http://127.0.0.1:{unused_port}"
    run = _observe("--prometheus", server.url, "--prometheus", dead, "--format", "json")
    assert run.exit_code == 3
    document = json.loads(run.stdout)
    assert document["schemaVersion"] == "observe-doctor/v1"
    assert [s["reachable"] for s in document["servers"]] == [True, False]
    assert document["servers"][1]["url"] == dead
    assert f"{dead} refuses connections" in run.stderr


@integration
def test_an_empty_server_fails_with_the_way_to_scrape(prometheus_server: Servers) -> None:
    run = _observe("--prometheus", prometheus_server().url, "--format", "json", "--fail-on", "fail")
    assert run.exit_code == 1
    (flavour,) = [
        c for c in json.loads(run.stdout)["servers"][0]["checks"] if c["name"] == "flavour"
    ]
    assert flavour["status"] == "FAIL"
    assert "prometheus.io/scrape" in flavour["setting"]


def test_a_server_that_refuses_us_is_unreachable(api: Callable[..., Api]) -> None:
    server = api(lambda _: failure(401, "", "who are you"))
    run = _observe("--prometheus", server.url, "--token", "hidden-token")
    assert run.exit_code == 3
    assert "wants credentials" in run.stderr
    assert "hidden-token" not in run.output
