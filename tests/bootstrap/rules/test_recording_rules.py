"""Every recorded series, evaluated by promtool over two pods of known numbers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.rules import edge_recordings, edge_rules, external_rules
from observe.bootstrap.rules.model import Group, Recording, rule_file
from observe.bootstrap.stack import EdgeTier, Stack
from observe.telemetry.recorded import RECORDINGS

ROOT = Path(__file__).resolve().parents[3]
STACK = Stack(edge=EdgeTier(sizes=True))
PODS = ("web-7d9f8c6b5-bcdfg", "web-7d9f8c6b5-hjklm")
#: Labels that any of the metrics may carry, each with one value.
LABELS = {
    **{
        name: f"a-{name}"
        for name in (
            *("source_cluster", "destination_cluster", "source_workload"),
            *("source_workload_namespace", "destination_service", "destination_workload"),
            *("destination_service_namespace", "destination_workload_namespace"),
            *("request_protocol", "response_code", "response_flags", "grpc_response_status"),
            *("type", "event", "reason", "version", "url", "cluster_type", "component", "tag"),
            *("resource", "unit", "deployment", "statefulset", "horizontalpodautoscaler"),
            *("metric_name", "metric_target_type", "job", "namespace"),
        )
    },
    "reporter": "source",
    "container": "app",
    "cluster_name": "outbound|80||web.shop.svc.cluster.local",
    "le": "100",
}
#: How each operation combines counters of 1/s and 2/s, or gauges of 3 and 5, after ten minutes.
EXPECTED = {"rate5m": 3.0, "increase5m": 900.0, "sum": 8.0, "max": 5.0, "min": 3.0, "count": 2.0}
SPECIAL = {
    "edge:evaluations:heartbeat": 600.0,
    # The busiest pod's rate, a maximum although its source is a counter.
    "workload:container_cpu_usage_seconds:max": 2.0,
}


def raw_metric(recording: Recording) -> str:
    """The metric of the expression that the name speaks of."""
    middle = recording.name.split(":")[1]
    if middle == "container_pods":
        return "container_memory_working_set_bytes"
    if middle == "kube_pod_container_status_oom_killed":
        return "kube_pod_container_status_last_terminated_reason"
    return next(name for name in (f"{middle}_total", middle) if name in recording.expression)


def inputs(recording: Recording) -> list[dict[str, str]]:
    """Two pods; istiod's process metrics count only where istio_build says pilot."""
    if recording.name == "edge:evaluations:heartbeat":
        return []
    metric = raw_metric(recording)
    counter = "rate(" in recording.expression or "increase(" in recording.expression
    values = ("0+60x15", "0+120x15") if counter else ("3x15", "5x15")
    labels = LABELS | ({"reason": "OOMKilled"} if "OOMKilled" in recording.expression else {})
    if '"xds-grpc"' in recording.expression and "!=" not in recording.expression:
        labels = labels | {"cluster_name": "xds-grpc"}
    found = [
        {"series": series(metric, labels | {"pod": pod, "instance": pod}), "values": value}
        for pod, value in zip(PODS, values, strict=True)
    ]
    if "on (instance)" in recording.expression:
        stranger = labels | {"pod": PODS[0], "instance": "stranger"}
        found.append({"series": series(metric, stranger), "values": "0+6000x15"})
        found += [
            {
                "series": series("istio_build", {"component": "pilot", "instance": pod}),
                "values": "1x15",
            }
            for pod in PODS
        ]
    return found


def expected(recording: Recording) -> list[dict[str, Any]]:
    operation = recording.name.rsplit(":", 1)[1]
    if recording.name == "edge:evaluations:heartbeat":
        return [{"labels": recording.name, "value": 600.0}]
    kept = re.match(r"\w+ by \(([^)]*)\)", recording.expression)
    assert kept is not None, "a sum names the labels that it keeps"
    names = [name.strip() for name in kept.group(1).split(",")]
    known = LABELS | {"workload": "web"}
    if "OOMKilled" in recording.expression:
        known["reason"] = "OOMKilled"
    if "pod" in names:  # one row a pod: each for itself
        values = (1.0, 2.0) if operation == "rate5m" else (3.0, 5.0)
        rows = zip(PODS, values, strict=True)
        return [
            {"labels": series(recording.name, only(known | {"pod": p}, names)), "value": v}
            for p, v in rows
        ]
    value = SPECIAL.get(recording.name, EXPECTED[operation])
    return [{"labels": series(recording.name, only(known, names)), "value": value}]


def only(labels: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: labels[name] for name in names if name in labels}


def series(metric: str, labels: dict[str, str]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{metric}{{{inner}}}"


def promtool_test(folder: Path, rules: Any, tests: list[dict[str, Any]]) -> str:
    """What promtool says; empty when all is well."""
    (folder / "rules.json").write_text(json.dumps(rules))
    content = {"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": tests}
    (folder / "test.json").write_text(json.dumps(content))
    command = [str(find_binary("promtool")), "test", "rules", "test.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def asked(recording: Recording, samples: list[dict[str, Any]], at: str = "10m") -> dict[str, Any]:
    return {"expr": recording.name, "eval_time": at, "exp_samples": samples}


@pytest.mark.integration
def test_every_recorded_series_has_the_value_that_its_pods_add_up_to(tmp_path: Path) -> None:
    recordings = edge_recordings(STACK)
    tests = [
        {
            "interval": "1m",
            "name": r.name,
            "input_series": inputs(r),
            "promql_expr_test": [asked(r, expected(r))],
        }
        for r in recordings
    ]
    assert len(tests) == len({r.name for r in recordings}) >= 150
    assert promtool_test(tmp_path, edge_rules(STACK)["recording.yaml"], tests) == ""


@pytest.mark.integration
def test_the_count_of_all_series_names_the_largest_metrics(tmp_path: Path) -> None:
    rules = edge_rules(STACK)["cardinality.yaml"]
    many = [{"series": f'a{{i="{i}"}}', "values": "1x15"} for i in range(7)]
    test = {
        "interval": "1m",
        "input_series": [*many, {"series": "b", "values": "1x15"}],
        "promql_expr_test": [
            {
                "expr": 'metric:series:count{metric=~"a|b"}',
                "eval_time": "4m",
                "exp_samples": [
                    {"labels": 'metric:series:count{metric="a"}', "value": 7},
                    {"labels": 'metric:series:count{metric="b"}', "value": 1},
                ],
            }
        ],
    }
    assert promtool_test(tmp_path, rules, [test]) == ""


REQUESTS = next(r for r in RECORDINGS if r.name == "workload:istio_requests:rate5m")
EDGE = {"reporter": "source", "destination_service": "web", "response_code": "200"}


def of_pods(*values: str) -> list[dict[str, str]]:
    labels = [EDGE | {"pod": f"p{i}", "instance": f"p{i}"} for i in range(len(values))]
    return [
        {"series": series("istio_requests_total", own), "values": v}
        for own, v in zip(labels, values, strict=True)
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("pods", "rate"),
    [
        pytest.param(("100000+60x30", "100000+60x30"), 2.0, id="steady"),
        pytest.param(("100000+60x9 stale", "100000+60x30"), 1.0, id="one pod went away"),
        pytest.param(("100000+60x9 60+60x19", "100000+60x30"), 2.0, id="one pod restarted"),
        pytest.param(
            ("100000+60x9 stale", "_x9 0+60x20", "100000+60x30"), 2.0, id="one pod was replaced"
        ),
        pytest.param(("100000+60x11 _ 100780+60x17",), 1.0, id="one scrape failed"),
    ],
)
def test_pods_that_come_and_go_leave_no_trace_in_the_rate(
    tmp_path: Path, pods: tuple[str, ...], rate: float
) -> None:
    recording = Recording(REQUESTS.name, REQUESTS.expression)
    sample = {"labels": series(REQUESTS.name, EDGE), "value": rate}
    test = {
        "interval": "1m",
        "input_series": of_pods(*pods),
        "promql_expr_test": [asked(recording, [sample], "20m")],
    }
    rules = rule_file([Group("g", [recording])])
    assert promtool_test(tmp_path, rules, [test]) == ""


def test_all_recordings_of_an_evaluation_are_in_one_group() -> None:
    [rates] = edge_rules(Stack())["recording.yaml"]["groups"]
    assert rates["interval"] == "60s"
    assert rates["rules"][0] == {"record": "edge:evaluations:heartbeat", "expr": "vector(time())"}
    assert {r.name for r in RECORDINGS} <= {rule["record"] for rule in rates["rules"]}


def test_names_follow_level_metric_operation_and_nothing_is_summed_without() -> None:
    for recording in edge_recordings(STACK):
        assert re.fullmatch(r"[a-z]+:[a-z0-9_]+:[a-z0-9]+", recording.name), recording.name
        assert "without (" not in recording.expression
        assert recording.purpose


def test_no_raw_counter_is_summed_before_its_rate() -> None:
    for recording in edge_recordings(STACK):
        if recording.name.endswith(":rate5m"):
            assert re.search(
                r"rate\([a-z0-9_]+(\{[^}]*\})?\[5m\]( offset 10s)?\)", recording.expression
            )
            assert "rate(sum" not in recording.expression


def test_sizes_are_recorded_only_when_asked_for() -> None:
    sizes = {f"workload:istio_{side}_bytes_bucket:rate5m" for side in ("request", "response")}
    assert sizes <= {r.name for r in edge_recordings(STACK)}
    assert not sizes & {r.name for r in edge_recordings(Stack())}


def test_groups_keep_the_pace_of_the_stack() -> None:
    stack = Stack(edge=EdgeTier(evaluation_seconds=120, scrape_seconds=30))
    [rates] = edge_rules(stack)["recording.yaml"]["groups"]
    assert rates["interval"] == "120s"
    active = next(
        rule["expr"]
        for rule in rates["rules"]
        if rule["record"] == "workload:envoy_cluster_upstream_rq_active:max"
    )
    assert "[120s]" in active


def test_no_series_has_two_rules() -> None:
    names = [
        rule["record"]
        for files in (edge_rules(STACK), external_rules(STACK))
        for document in files.values()
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    assert len(names) == len(set(names))


def test_the_files_in_rules_are_made_from_the_code() -> None:
    command = [sys.executable, "scripts/make_rules.py", "--check"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0, "run: make docs"
