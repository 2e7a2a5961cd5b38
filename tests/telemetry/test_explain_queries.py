"""`--explain-queries`: the plan is printed, and nothing of it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from fault_proxy import FaultProxy
from known_week import END, eventful_week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.cli import main
from observe.demo.remote_write import push
from observe.telemetry.catalogue import ENTRIES, promql

Servers = Callable[..., PrometheusServer]


@pytest.mark.integration
@pytest.mark.parametrize("command", ["collect", "report"])
def test_the_plan_says_what_each_query_costs_and_none_of_them_is_sent(
    prometheus_server: Servers, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    week = eventful_week()
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, week.labels, week.times_ms, week.values)
    with FaultProxy(server.url) as proxy:
        options = ["--prometheus", proxy.url, "--end", str(END), "--explain-queries"]
        run = CliRunner().invoke(main, [command, *options])
        assert run.exit_code == 0, run.stderr
        asked = [request.query for request in proxy.seen]
    entries = [entry for entry in ENTRIES if f"\n{entry.name}, every" in run.stdout]
    assert [e.name for e in entries][:2] == ["requests", "latency"]
    for entry in entries:
        query = promql(entry, 300 if entry.step == "fine" else 3600)
        assert f"\n  {query}\n" in run.stdout
        assert query not in asked
    assert not [query for query in asked if "increase(" in query]
    assert f"asked to make this plan: {len(asked)} cheap queries" in run.stdout
    (latency,) = [line.split() for line in run.stdout.splitlines() if line.startswith("latency ")]
    series = sum(labels["__name__"].endswith("_bucket") for labels in week.labels)
    assert int(latency[4].replace(",", "")) <= series
    assert latency[1:4] == ["PromQL", "0", "1"]
    assert "in all" in run.stdout
    assert list(tmp_path.iterdir()) == []
