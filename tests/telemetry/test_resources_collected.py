"""Usage, settings and restarts of containers, collected from counters and from recorded series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_containers import KSM, MIB, mesh
from known_proxies import START, at
from known_week import END

from observe.bootstrap.config.federation import recorded_rules
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.demo.tier_files import demo_stack
from observe.telemetry.autoscaler_entries import FIGURES
from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.frames import AUTOSCALERS, RESOURCES, RESTARTS, USAGE
from observe.telemetry.recorded import HEARTBEAT
from observe.telemetry.recorded_resources import BUSIEST, KILLED, OOM, SETTINGS
from observe.telemetry.recorded_resources import RESTARTS as RESTARTED
from observe.telemetry.resource_entries import METRICS, resource_entries
from observe.telemetry.session import retry_policy
from observe.telemetry.snapshot import Snapshot

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
FRAMES = (USAGE, RESOURCES, RESTARTS)


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> PrometheusServer:
    found = mesh()
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, found.labels, found.times_ms, found.values)
    return running


@pytest.fixture(scope="module")
def snapshot(server: PrometheusServer) -> Snapshot:
    return collect(PrometheusClient(server.url), START, END)


@pytest.fixture(scope="module")
def recorded(prometheus_server: Servers) -> Snapshot:
    """What a second server learns from the rules that are recorded beside the first."""
    server, federated = (prometheus_server(flags=HISTORY_FLAGS) for _ in range(2))
    counters = mesh(KSM[:1])
    push(server.url, counters.labels, counters.times_ms, counters.values)
    stack, late = demo_stack(["east"]), timedelta(seconds=28)
    levels = ("workload:istio", "workload:container", "workload:kube_")
    client = PrometheusClient(server.url)
    for name, expression in recorded_rules(stack):
        if not name.startswith(levels):
            continue
        found = client.range(expression, START - timedelta(minutes=10) + late, END, 60)
        times, at_ = np.unique(found.times_ms, return_inverse=True)
        values = np.full((len(found.labels), len(times)), np.nan)
        values[found.series, at_] = found.values
        labels = [{**one, "__name__": name} for one in found.labels]
        if labels:
            push(federated.url, labels, times, values)
    beats = 1000 * np.arange(round((START + late).timestamp()), round(END.timestamp()), 60)
    push(federated.url, [{"__name__": HEARTBEAT, "cluster": "east"}], beats, beats[None, :] / 1e3)
    return collect(PrometheusClient(federated.url), START, END)


def _usage(snapshot: Snapshot) -> pd.DataFrame:
    frame = snapshot.usage.astype({"workload": "str", "container": "str", "namespace": "str"})
    assert set(zip(frame["namespace"], frame["workload"], frame["container"], strict=True)) == {
        ("shop", "web", "app")
    }
    return frame.set_index("time")


@integration
def test_usage_of_all_pods_and_of_the_busiest_in_five_minutes(snapshot: Snapshot) -> None:
    assert snapshot.manifest.missing == ()
    rows = _usage(snapshot)
    assert rows.index.tolist() == list(pd.date_range(START, END, freq="5min", inclusive="left"))
    assert set(rows["pods"]) == {2.0}
    special = rows.loc[at(5)]
    assert [special["cpu_cores"], special["cpu_busiest"]] == pytest.approx([3.5, 3.0], rel=1e-9)
    usual = rows.drop([at(4, 55), at(5), at(5, 5)])
    assert usual["cpu_cores"].tolist() == pytest.approx([2.0] * len(usual), rel=1e-9)
    assert usual["cpu_busiest"].tolist() == pytest.approx([1.5] * len(usual), rel=1e-9)
    assert rows["memory_busiest"].drop(at(6, 15)).unique().tolist() == [200 * MIB]
    assert rows.loc[at(6, 15), "memory_busiest"] == 300 * MIB
    # only the busy pod has a limit: a tenth of its periods
    assert rows.loc[at(7), "throttled"] == pytest.approx(0.1, rel=1e-9)
    assert set(rows["throttled"].drop([at(6, 55), at(7), at(7, 5)])) == {0.0}


@integration
def test_settings_are_those_at_the_end_and_tell_when_they_came(snapshot: Snapshot) -> None:
    rows = snapshot.resources.set_index(["workload", "container"])
    assert rows.index.tolist() == [("old", "main"), ("web", "app"), ("web", "istio-proxy")]
    values = ["cpu_request", "cpu_limit", "memory_request", "memory_limit"]
    assert rows.loc[("web", "app"), values].tolist() == [0.25, 2.0, 256 * MIB, 1024 * MIB]
    assert rows.loc[("web", "app"), "changed_at"] == at(10)
    sidecar = rows.loc[("web", "istio-proxy")]
    assert sidecar["cpu_request"] == 0.1
    assert sidecar[values[1:]].isna().all()
    assert pd.isna(sidecar["changed_at"])
    # told with labels of its own by a kube-state-metrics before 2.0; the limit was taken away
    old = rows.loc[("old", "main")]
    assert old["namespace"] == "shop"
    assert old["cpu_request"] == 0.5
    assert pd.isna(old["memory_limit"])
    assert old["changed_at"] == at(20)


@integration
def test_kills_are_told_from_other_restarts_and_each_is_counted_once(snapshot: Snapshot) -> None:
    rows = snapshot.restarts[["time", "workload", "container", "oom_kills", "restarts"]]
    assert rows.to_numpy().tolist() == [
        [at(12), "web", "app", 1.0, 1.0],
        [at(15), "web", "app", 0.0, 2.0],
    ]


@integration
def test_recorded_series_tell_the_same_but_for_whom_memory_killed(
    snapshot: Snapshot, recorded: Snapshot
) -> None:
    assert recorded.manifest.source.flavour == "recorded"
    ours, theirs = _usage(snapshot), _usage(recorded)
    for column in ("pods", "memory_busiest"):
        pd.testing.assert_series_equal(ours[column], theirs[column])
    # rates end up to a minute before the step does
    near = [at(4, 55), at(5), at(5, 5), at(6, 55), at(7), at(7, 5)]
    for column in ("cpu_cores", "cpu_busiest", "throttled"):
        left, right = ours[column].drop(near), theirs[column].drop(near)
        pd.testing.assert_series_equal(left, right, check_exact=False, rtol=1e-9)
    assert theirs.loc[at(5), "cpu_busiest"] == pytest.approx(3.0, rel=0.15)
    assert theirs.loc[at(7), "throttled"] == pytest.approx(0.1, rel=0.3)
    told = recorded.resources.set_index(["workload", "container"]).drop(
        ("old", "main"), errors="ignore"
    )
    pd.testing.assert_frame_equal(
        told, snapshot.resources.set_index(["workload", "container"]).drop(("old", "main"))
    )
    # of a workload's pods the one that was killed is not told: its last end stays what it was
    rows = recorded.restarts[["time", "oom_kills", "restarts"]].to_numpy().tolist()
    assert rows == [[at(12), 1.0, 1.0], [at(15), 2.0, 2.0]]


AUTOSCALED = [
    ["east", "shop", "web-hpa", "web", 2.0, 4.0, 3.0, 4.0, 0.1, "cpu", "utilization", 70.0],
    ["east", "shop", "web-hpa", "web", 2.0, 4.0, 3.0, 4.0, 0.1, "rps", "average", 100.0],
]


@integration
def test_autoscalers_tell_how_long_they_were_at_their_maximum(snapshot: Snapshot) -> None:
    assert snapshot.autoscalers.to_numpy().tolist() == AUTOSCALED  # three of thirty hours


@integration
def test_what_a_recorded_autoscaler_scales_is_taken_from_its_name(recorded: Snapshot) -> None:
    named = [[*row[:3], "web-hpa", *row[4:]] for row in AUTOSCALED]
    assert recorded.autoscalers.to_numpy().tolist() == named


@integration
def test_read_raw_usage_is_the_same(
    server: PrometheusServer, snapshot: Snapshot, raw: None
) -> None:
    with FaultProxy(server.url) as proxy:
        found = collect(PrometheusClient(proxy.url), START, END)
        assert not [r for r in proxy.seen if "rate(container_cpu" in r.query]
    for spec in FRAMES:
        left, right = getattr(found, spec.name), getattr(snapshot, spec.name)
        pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-12)


@integration
def test_what_did_not_arrive_is_unknown_beside_what_did(
    server: PrometheusServer, snapshot: Snapshot
) -> None:
    def decide(request: Request) -> Fault | None:
        lost = request.query.startswith("max by (cluster, namespace, workload, container) (label")
        refused = Fault(status=400, body=b'{"status":"error","error":"no"}')
        return refused if lost and "rate(container_cpu" in request.query else None

    with FaultProxy(server.url, decide) as proxy:
        client = PrometheusClient(proxy.url, retry_policy(backoff_seconds=0.001))
        found = collect(client, START, END)
    assert {piece.query for piece in found.manifest.missing} == {"usage-busiest"}
    assert found.usage["cpu_busiest"].isna().all()
    rest = [column for column in USAGE.columns if column != "cpu_busiest"]
    pd.testing.assert_frame_equal(found.usage[rest], snapshot.usage[rest])


def test_only_what_exists_is_asked_for() -> None:
    assert resource_entries(()) == ()
    names = ["kube_pod_container_status_last_terminated_reason", "kube_pod_info"]
    assert resource_entries(names) == ()  # a reason without a restart tells nothing new
    (entry,) = resource_entries(["container_oom_events_total"])
    assert entry.metrics == ("container_oom_events_total",)
    assert "kube" not in entry.template
    assert len(resource_entries(METRICS)) == 2


def test_what_is_read_is_recorded() -> None:
    names = {name for name, _ in recorded_rules(demo_stack(["east"]))}
    assert {BUSIEST, KILLED, OOM, RESTARTED, *SETTINGS} <= names
    told = {f"workload:{metric}:max" for figure, metric in FIGURES.items() if figure != "info"}
    assert told <= names


def test_advice_on_resources_costs_eight_queries() -> None:
    asked = [e.name for e in ENTRIES if e.frame in {spec.name for spec in (*FRAMES, AUTOSCALERS)}]
    assert len(asked) == 8
