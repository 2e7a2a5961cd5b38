"""The doctor on two tiers: what arrives late, in part, twice or under other labels is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from observe.bootstrap.prometheus import PrometheusServer
from observe.cli.main import main
from observe.demo.remote_write import push
from observe.doctor import tiers
from observe.doctor.checks import diagnose
from observe.doctor.examine import Examination
from observe.doctor.facts import Facts
from observe.doctor.model import Check
from observe.doctor.tier_examine import beat_of
from observe.doctor.tier_facts import Alignment, Beat, Comparison, TierFacts
from observe.telemetry.client import PrometheusClient
from observe.telemetry.decode import QueryResult
from observe.telemetry.recorded import HEARTBEAT, RECORDED_REQUESTS, recorded_name

Servers = Callable[..., PrometheusServer]
integration = pytest.mark.integration
DURATION = "istio_request_duration_milliseconds"
_PARTS = ("bucket", "sum", "count")
EDGE_CONFIG = "global: {external_labels: {cluster: east}}\nscrape_configs: []\n"
LABELS = {
    "reporter": "source",
    "source_workload": "web",
    "destination_service": "pay.shop.svc.cluster.local",
    "response_code": "200",
}
WHOLE = Beat("east", age_seconds=45, interval_seconds=60, arrived=60, expected=60)
FACTS = Facts(url="http://external", server="Prometheus", window_seconds=3600)


def told(check: Callable[[Facts], object], **found: object) -> list[Check]:
    return list(check(replace(FACTS, tiers=TierFacts(**found))))  # type: ignore[call-overload, arg-type]


def test_a_whole_hour_of_evaluations_is_ok() -> None:
    (check,) = told(tiers.heartbeats, beats=(WHOLE,))
    assert check.name == "evaluations of east"
    assert check.status == "OK"
    assert check.found == "every 60 s, 60 of 60 of the last hour, the newest 45 s old"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"arrived": 59}, "OK", "59 of 60"),
        ({"arrived": 58}, "WARN", "58 of 60"),
        ({"age_seconds": 300.0}, "OK", "300 s old"),
        ({"age_seconds": 301.0}, "FAIL", "the newest is 301 s old"),
        ({"age_seconds": 1200.0}, "FAIL", "the newest is 20 minutes old"),
        ({"interval_seconds": 600.0, "arrived": 6, "expected": 6}, "FAIL", "every 600 s"),
    ],
)
def test_late_and_missing_evaluations_are_told(
    changes: dict[str, float], status: str, said: str
) -> None:
    (check,) = told(tiers.heartbeats, beats=(replace(WHOLE, **changes),))  # type: ignore[arg-type]
    assert check.status == status
    assert said in check.found


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"copies": 2, "copy_labels": ("prometheus_replica",)}, "OK", "averaged"),
        ({"copies": 2, "copy_labels": ("instance",)}, "FAIL", "more than once"),
        ({"irregular": 0.5}, "FAIL", "two edge tiers under one name?"),
    ],
)
def test_a_pair_is_fine_and_other_copies_are_not(
    changes: dict[str, object], status: str, said: str
) -> None:
    beat = replace(WHOLE, **changes)  # type: ignore[arg-type]
    (check,) = told(tiers.copies_of_tiers, beats=(beat,))
    assert check.status == status
    assert said in check.found


def test_one_tier_has_no_copies() -> None:
    assert told(tiers.copies_of_tiers, beats=(WHOLE,)) == []
    assert told(tiers.timestamps, beats=(WHOLE,)) == []


def test_samples_with_the_time_of_the_request_are_told() -> None:
    (check,) = told(tiers.timestamps, beats=(replace(WHOLE, late_seconds=17.25),))
    assert check.status == "WARN"
    assert check.found.startswith("up to 17.2 s apart")


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (Alignment(8.0, 8.0 + 1e-9, 0), "OK", "equal"),
        (Alignment(8.0, 6.0, 0), "WARN", "hold 25.00% other"),
        (Alignment(8.0, 8.0, 3), "WARN", "3 series have other times"),
        (Alignment(0.0, 0.0, 0), "OK", "equal"),
    ],
)
def test_buckets_must_equal_their_counts(found: Alignment, status: str, said: str) -> None:
    (check,) = told(tiers.alignment, alignment=found)
    assert check.status == status
    assert said in check.found


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (Comparison("u", refusal=("u/federate answers 401", "fix")), "FAIL", "answers 401"),
        (Comparison("u"), "FAIL", "no label `cluster`"),
        (Comparison("u", external_labels=('cluster="a"',)), "FAIL", "nothing with"),
    ],
)
def test_an_edge_tier_that_cannot_be_compared_says_why(
    found: Comparison, status: str, said: str
) -> None:
    (check,) = told(tiers.comparisons, comparisons=(found,))
    assert check.status == status
    assert said in check.found


@given(
    dropped=st.sets(st.integers(1, 58), max_size=20),
    offset=st.floats(0, 59, allow_subnormal=False),
)
def test_dropped_evaluations_are_counted_exactly(dropped: set[int], offset: float) -> None:
    """The first and the last one are there; most of the others must be."""
    moments = np.array([60.0 * i + offset for i in range(60) if i not in dropped])
    found = beat_of(
        "east",
        0,
        QueryResult(
            labels=({"cluster": "east"},),
            series=np.zeros(len(moments), dtype=np.int32),
            times_ms=np.rint(moments * 1000).astype(np.int64),
            values=moments,
        ),
        [0],
    )
    assert (found.arrived, found.expected, found.irregular) == (60 - len(dropped), 60, 0)
    assert found.interval_seconds == pytest.approx(60)
    assert found.late_seconds < 0.001


def test_two_tiers_under_one_name_beat_at_odd_distances() -> None:
    moments = np.sort(np.concatenate([np.arange(0, 3600, 60.0), np.arange(13, 3600, 60.0)]))
    samples = QueryResult(
        labels=({},),
        series=np.zeros(len(moments), dtype=np.int32),
        times_ms=(moments * 1000).astype(np.int64),
        values=moments,
    )
    found = beat_of("", 0, samples, [0])
    assert found.irregular == pytest.approx(0.5, abs=0.01)


def _load(
    server: PrometheusServer,
    end: datetime,
    *,
    in_external: bool,
    further: Mapping[str, str] = MappingProxyType({}),
    without: Sequence[str] = (),
    missed: slice = slice(0, 0),
    rate: float = 3.0,
) -> None:
    """An hour of evaluations, the last one half a minute ago."""
    times_ms = (round(end.timestamp()) - 30 - np.arange(59, -1, -1) * 60) * 1000
    steady = {
        RECORDED_REQUESTS: LABELS,
        recorded_name(f"{DURATION}_bucket"): LABELS | {"le": "+Inf"},
        recorded_name(f"{DURATION}_sum"): LABELS,
        recorded_name(f"{DURATION}_count"): LABELS,
        "controlplane:pilot_xds_pushes:rate5m": {"type": "cds"},
        "controlplane:pilot_xds:sum": {"pod": "istiod-1"},
        "workload:kube_pod_container_resource_requests:max": {"resource": "cpu"},
        "workload:envoy_cluster_upstream_rq_retry:rate5m": {"workload": "web"},
        "workload:envoy_cluster_upstream_rq_active:max": {"workload": "web"},
        "workload:envoy_cluster_upstream_rq_pending_overflow:rate5m": {"workload": "web"},
        "workload:envoy_cluster_outlier_detection_ejections_enforced:rate5m": {"workload": "web"},
    }
    labels = {"cluster": "east"} if in_external else {}
    series = [({"__name__": HEARTBEAT} | labels, times_ms / 1000)]
    series += [
        ({"__name__": name, **own, **further, **labels}, np.full(60, rate))
        for name, own in steady.items()
        if name not in without
    ]
    values = np.array([row for _, row in series])
    values[:, missed] = np.nan
    push(server.url, [own for own, _ in series], times_ms.astype(np.int64), values)


def _found(external: PrometheusServer, edge: str, end: datetime) -> dict[str, Check]:
    with PrometheusClient(external.url) as client, PrometheusClient(edge) as behind:
        facts = Examination(client, end, timedelta(hours=2), [behind]).facts()
    assert "the tiers" not in facts.kept_away
    return {check.name: check for check in diagnose(facts).checks}


@integration
def test_two_tiers_that_agree_are_ok(prometheus_server: Servers) -> None:
    end = datetime.now(UTC)
    edge, external = prometheus_server(config=EDGE_CONFIG), prometheus_server()
    _load(edge, end, in_external=False)
    _load(external, end, in_external=True)
    found = _found(external, edge.url, end)
    (compared,) = [check for name, check in found.items() if name.startswith("edge tier")]
    assert compared.status == "OK"
    assert compared.found == 'cluster="east": 3 requests/s recorded, 3 arrived'
    assert found["evaluations of east"].status == "OK"
    assert "60 of 60" in found["evaluations of east"].found
    assert found["buckets and counts"].status == "OK"
    assert "times of samples" not in found
    for name in ("istiod", "kube-state-metrics", "Envoy's statistics"):
        assert found[name].status == "OK", found[name]


@integration
def test_tiers_are_judged_before_the_first_request(prometheus_server: Servers) -> None:
    end = datetime.now(UTC)
    edge, external = prometheus_server(config=EDGE_CONFIG), prometheus_server()
    nothing = (RECORDED_REQUESTS, *(recorded_name(f"{DURATION}_{p}") for p in _PARTS))
    _load(edge, end, in_external=False, without=nothing)
    _load(external, end, in_external=True, without=nothing)
    found = _found(external, edge.url, end)
    assert found["flavour"].status == "FAIL"
    assert found["evaluations of east"].status == "OK"
    (compared,) = [check for name, check in found.items() if name.startswith("edge tier")]
    assert compared.found == 'cluster="east": 0 requests/s recorded, 0 arrived'


@integration
def test_an_edge_tier_that_has_just_started_is_not_blamed(prometheus_server: Servers) -> None:
    end = datetime.now(UTC)
    edge, external = prometheus_server(config=EDGE_CONFIG), prometheus_server()
    _load(edge, end, in_external=False, without=(RECORDED_REQUESTS,))
    _load(external, end, in_external=True)
    found = _found(external, edge.url, end)
    (compared,) = [check for name, check in found.items() if name.startswith("edge tier")]
    assert compared.status == "WARN"
    assert compared.found == 'cluster="east": it has not recorded what arrived last'
    assert "look again" in compared.fix


@integration
def test_what_is_lost_between_two_tiers_is_named(prometheus_server: Servers) -> None:
    end = datetime.now(UTC)
    edge, external = prometheus_server(config=EDGE_CONFIG), prometheus_server()
    _load(edge, end, in_external=False, further={"security": "mtls"})
    missing = ("controlplane:pilot_xds_pushes:rate5m",)
    gap = slice(20, 35)
    _load(external, end, in_external=True, without=missing, missed=gap, rate=2.0)
    with PrometheusClient(external.url) as client, PrometheusClient(edge.url) as behind:
        facts = Examination(client, end, timedelta(hours=2), [behind]).facts()
    said = [(c.status, c.found) for c in tiers.comparisons(facts)]
    assert said == [
        ("WARN", 'cluster="east": 3 requests/s recorded, 2 arrived'),
        ("WARN", "1 recorded series do not arrive: controlplane:pilot_xds_pushes:rate5m"),
        ("FAIL", "labels get lost on the way: security"),
    ]
    (evaluations,) = tiers.heartbeats(facts)
    assert evaluations.status == "WARN"
    assert "45 of 60 of the last hour" in evaluations.found


@integration
def test_the_command_compares_the_edge_tiers_that_it_is_given(
    prometheus_server: Servers, unused_port: int
) -> None:
    end = datetime.now(UTC)
    external = prometheus_server()
    _load(external, end, in_external=True)
    gone = f"http://127.0.0.1:{unused_port}"
    options = ["doctor", "--prometheus", external.url, "--edge", gone, "--window", "2h"]
    done = CliRunner().invoke(main, [*options, "--format", "json", "--fail-on", "fail"])
    assert done.exit_code == 1, done.stderr
    assert f"{gone}/federate does not answer" in done.stdout
