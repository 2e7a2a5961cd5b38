"""Each finding gets its status, and what is missing the setting that would add it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from observe.doctor import advice
from observe.doctor.checks import diagnose, unreachable
from observe.doctor.facts import ENVOY_BUCKETS, Coverage, Facts
from observe.doctor.model import Check
from observe.telemetry.catalogue import EDGE_LABELS, OUTCOME_LABELS
from observe.telemetry.recorded import SOURCES

HOUR, DAY = 3600.0, 86_400.0
LABELS = frozenset({*EDGE_LABELS, *OUTCOME_LABELS, "pod", "instance"})
NAMES = frozenset(
    {
        *SOURCES.values(),
        "kube_pod_container_resource_requests",
        "kube_pod_init_container_resource_requests",
        "pilot_xds",
    }
)
STATS = frozenset(
    {
        "envoy_cluster_upstream_rq_retry",
        "envoy_cluster_upstream_rq_active",
        "envoy_cluster_upstream_rq_pending_overflow",
        "envoy_cluster_outlier_detection_ejections_enforced_total",
    }
)
FIT = Facts(
    url="http://prom",
    server="Prometheus 3.1.0",
    window_seconds=7 * DAY,
    skew_seconds=0.1,
    remote_read=True,
    names=NAMES,
    kind="raw",
    reporters=("destination", "source"),
    interval_seconds=15.0,
    history_seconds=7 * DAY,
    fresh_seconds=12.0,
    series={"istio_request_duration_milliseconds_bucket": 20_000},
    labels=LABELS,
    buckets=(*ENVOY_BUCKETS, float("inf")),
    uneven_buckets=0,
    coverage=(Coverage("east", "shop", 0.998),),
    container_labels=frozenset({"pod", "container"}),
    cluster_stats=STATS,
)
RECORDED = replace(FIT, kind="recorded", names=frozenset(SOURCES), labels=LABELS - {"pod"})


def _check(facts: Facts, name: str) -> Check:
    (found,) = [check for check in diagnose(facts).checks if check.name == name]
    return found


def test_a_fit_server_passes_every_check() -> None:
    diagnosis = diagnose(FIT)
    assert {check.status for check in diagnosis.checks} == {"OK"}
    assert diagnosis.worst == "OK"
    assert all(not check.fix and not check.setting for check in diagnosis.checks)
    assert len(diagnosis.checks) == 18
    assert _check(FIT, "buckets").found == "19 bounds, Envoy's default, up to 3600 s"
    assert _check(FIT, "kube-state-metrics").found == "requests and limits, native sidecars too"


@pytest.mark.parametrize(
    ("change", "name", "status", "said", "fix"),
    [
        ({"skew_seconds": -95.0}, "clock", "WARN", "95 s behind ours", "NTP"),
        ({"skew_seconds": 9.0}, "clock", "OK", "9 s ahead of ours", ""),
        ({"remote_read": False}, "remote read", "OK", "not offered", ""),
        ({"reporters": ("destination",)}, "reporters", "FAIL", "nobody tells", "gateways"),
        (
            {"names": NAMES - {"istio_request_duration_milliseconds_bucket"}},
            "metrics",
            "FAIL",
            "no latencies, and so timeouts",
            "REQUEST_DURATION",
        ),
        (
            {"names": NAMES - {"istio_request_duration_milliseconds_sum"}},
            "metrics",
            "WARN",
            "no exact means",
            "Telemetry",
        ),
        (
            {"labels": LABELS - {"response_flags", "destination_service"}},
            "labels",
            "FAIL",
            "missing: destination_service, response_flags",
            "tagOverrides",
        ),
        (
            {"labels": LABELS - {"cluster", "source_cluster", "destination_cluster"}},
            "labels",
            "OK",
            "none tells the cluster",
            "",
        ),
        (
            {"labels": LABELS | {"exported_namespace", "exported_job"}},
            "honor_labels",
            "WARN",
            "exported_job, exported_namespace",
            "honor_labels: true",
        ),
        (
            {"labels": LABELS - {"pod", "instance"}},
            "federation",
            "FAIL",
            "a sum of counters",
            "workload:istio_requests:rate5m",
        ),
        ({"copies": ("replica",)}, "copies", "WARN", "told apart by replica", "Thanos"),
        (
            {"buckets": (1.0, 5.0, float("inf"))},
            "buckets",
            "OK",
            "2 bounds, custom, up to 0.005 s",
            "",
        ),
        ({"uneven_buckets": 3}, "buckets", "WARN", "3 client workloads have fewer", "Buckets"),
        ({"buckets": ENVOY_BUCKETS}, "buckets", "FAIL", "+Inf is missing", "+Inf"),
        ({"interval_seconds": None}, "scrape interval", "WARN", "no series has two", "scraped"),
        ({"interval_seconds": 120.0}, "scrape interval", "WARN", "8 minutes or more", "15 to 60 s"),
        (
            {"history_seconds": 2 * DAY},
            "history",
            "WARN",
            "from 2 days ago are there, none from 7 days",
            "15d",
        ),
        ({"history_seconds": 6 * HOUR}, "history", "FAIL", "none from 1 days ago", "six hours"),
        ({"history_seconds": None}, "history", "FAIL", "no samples from an hour ago", "retention"),
        ({"fresh_seconds": 1800.0}, "newest sample", "FAIL", "1800 s old", "targets"),
        ({"fresh_seconds": None}, "newest sample", "FAIL", "none within an hour", "targets"),
        (
            {"coverage": (Coverage("east", "a", 0.85), Coverage("", "b", 0.99))},
            "coverage",
            "WARN",
            "east/a (85%)",
            "down",
        ),
        (
            {"coverage": tuple(Coverage("", f"n{i}", i / 10) for i in range(6))},
            "coverage",
            "FAIL",
            "n0 (0%), n1 (10%), n2 (20%), n3 (30%) and 2 more",
            "down",
        ),
        (
            {"series": {"istio_request_duration_milliseconds_bucket": 2_000_000}},
            "cardinality",
            "WARN",
            "2,000,000 bucket series",
            "at the source",
        ),
        ({}, "single proxies", "OK", "told apart (instance)", ""),
        ({"labels": LABELS - {"instance"}}, "single proxies", "OK", "told apart (pod)", ""),
        ({"kind": "recorded"}, "single proxies", "OK", "is read from an edge tier", ""),
        (
            {"cluster_stats": STATS - {"envoy_cluster_upstream_rq_active"}},
            "Envoy's statistics",
            "WARN",
            "missing: requests under way (",
            "retries, pools and ejections",
        ),
        (
            {"cluster_stats": STATS - {"envoy_cluster_upstream_rq_retry"}},
            "Envoy's statistics",
            "WARN",
            "missing: retries (",
            "restarted",
        ),
        (
            {"container_labels": frozenset({"pod_name", "container_name"})},
            "containers",
            "OK",
            "before Kubernetes 1.16",
            "",
        ),
        (
            {"names": NAMES - {"container_memory_working_set_bytes"}},
            "containers",
            "WARN",
            "missing: container_memory_working_set_bytes",
            "cAdvisor",
        ),
        (
            {
                "names": NAMES - {"kube_pod_container_resource_requests"}
                | {"kube_pod_container_resource_requests_cpu_cores"}
            },
            "kube-state-metrics",
            "OK",
            "names from before 2.0",
            "",
        ),
        (
            {"names": NAMES - {"kube_pod_container_resource_requests"}},
            "kube-state-metrics",
            "WARN",
            "missing",
            "Install",
        ),
        ({"names": NAMES - {"pilot_xds"}}, "istiod", "WARN", "pilot_xds", "15014"),
        (
            {"names": NAMES | {"workload_manager_active_proxy_count"}},
            "ambient mode",
            "WARN",
            "TCP only",
            "waypoint",
        ),
        (
            {
                "names": NAMES | {"workload_manager_active_proxy_count"},
                "reporters": ("source", "waypoint"),
            },
            "ambient mode",
            "OK",
            "with waypoints",
            "",
        ),
        ({"kept_away": {"copies": "403"}}, "server", "WARN", "not answered: copies", "query API"),
    ],
)
def test_a_finding_is_judged_with_a_reason_and_a_fix(
    change: dict[str, object], name: str, status: str, said: str, fix: str
) -> None:
    check = _check(replace(FIT, **change), name)  # type: ignore[arg-type]
    assert check.status == status
    assert said in check.found
    assert fix in check.fix
    assert bool(check.fix) == (status != "OK")


@pytest.mark.parametrize(
    ("change", "name", "status"),
    [
        ({}, "freshness of the federation", "OK"),
        ({"fresh_seconds": 700.0}, "freshness of the federation", "FAIL"),
        ({"interval_seconds": 600.0}, "distance of recorded samples", "FAIL"),
        ({"interval_seconds": 60.0}, "distance of recorded samples", "OK"),
    ],
)
def test_recorded_rates_are_judged_as_a_federation(
    change: dict[str, object], name: str, status: str
) -> None:
    facts = replace(RECORDED, **change)  # type: ignore[arg-type]
    assert _check(facts, name).status == status
    names = [check.name for check in diagnose(facts).checks]
    assert "federation" not in names  # sums are what recorded rates are meant to be
    assert _check(facts, "metrics").status == "OK"


def test_telemetry_that_cannot_be_read_is_one_failure_with_the_way_to_scrape() -> None:
    facts = Facts("u", "s", DAY, names=NAMES, refusal=("holds no Istio metrics", "Scrape them"))
    check = _check(facts, "flavour")
    assert (check.status, check.found, check.fix) == ("FAIL", facts.refusal[0], "Scrape them")
    assert check.setting == advice.SCRAPE
    assert "reporters" not in [c.name for c in diagnose(facts).checks]


def test_a_server_that_does_not_answer_is_a_failure() -> None:
    diagnosis = unreachable("http://u", "it refuses connections", "Is it running?")
    assert not diagnosis.reachable
    assert diagnosis.worst == "FAIL"


@pytest.mark.parametrize(
    "text",
    [
        advice.CLUSTER_STATS,
        advice.SCRAPE,
        advice.TELEMETRY,
        advice.CARDINALITY,
        advice.HONOR_LABELS,
        advice.CADVISOR,
    ],
)
def test_settings_are_yaml(text: str) -> None:
    assert all(isinstance(document, dict) for document in YAML(typ="safe").load_all(text))


def test_the_matcher_of_the_annotation_lets_every_looked_for_statistic_through() -> None:
    mesh, pod = YAML(typ="safe").load_all(advice.CLUSTER_STATS)
    matcher = mesh["meshConfig"]["defaultConfig"]["proxyStatsMatcher"]
    annotation = pod["metadata"]["annotations"]["proxy.istio.io/config"]
    assert YAML(typ="safe").load(annotation)["proxyStatsMatcher"] == matcher
    for name in STATS:
        stat = name.removeprefix("envoy_cluster_").replace("detection_", "detection.")
        full = f"cluster.outbound|80||cart.shop.svc.cluster.local;.{stat}"
        assert any(full.endswith(suffix) for suffix in matcher["inclusionSuffixes"]) or any(
            re.fullmatch(pattern, full) for pattern in matcher["inclusionRegexps"]
        ), full
