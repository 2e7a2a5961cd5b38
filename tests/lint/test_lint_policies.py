"""Subsets, ports, outlier detection and pools."""

import pytest
from lint_samples import expanded, facts, found, judged, policy, read, route

from observe.lint.engine import LintOptions, lint
from observe.lint.outliers import check_outliers
from observe.lint.telemetry import Telemetry
from observe.lint.world import World

TO_V2 = (
    "# VirtualService\nhosts: [payment]\nhttp:\n  - route:\n"
    "      - destination: {host: payment, subset: v2}"
)
V1 = "# DestinationRule\nhost: payment\nsubsets:\n  - name: v1\n    labels: {a: b}"


def test_a_subset_that_is_not_defined_names_those_that_are():
    (finding,) = judged(f"{TO_V2}\n---\n{V1}")
    assert (finding.code, finding.severity, finding.line) == ("SUBSET_NOT_DEFINED", "critical", 8)
    assert "DestinationRule shop/payment (a.yaml:10) defines v1" in finding.message


def test_a_subset_may_be_defined_in_files_that_were_not_given():
    assert [f.severity for f in judged(TO_V2)] == ["info"]
    whole = lint(read(expanded(TO_V2)), options=LintOptions(complete=True))
    assert [f.severity for f in whole] == ["critical"]


def test_subsets_of_mirrors_and_tcp_routes_are_looked_at():
    mirrored = route("retries: {attempts: 0}\nmirror: {host: payment, subset: v3}")
    tcp = (
        "# VirtualService shop/db\nhosts: [db]\ntcp:\n  - route:\n"
        "      - destination: {host: db, subset: x}"
    )
    findings = found(f"{mirrored}\n---\n{tcp}", "SUBSET_NOT_DEFINED")
    assert [f.message.split(" is not")[0] for f in findings] == [
        "subset v3 of payment.shop.svc.cluster.local",
        "subset x of db.shop.svc.cluster.local",
    ]


def test_a_block_of_a_subset_names_what_is_lost():
    text = (
        "# DestinationRule\nhost: payment\ntrafficPolicy:\n  connectionPool:\n"
        "    tcp: {maxConnections: 9, connectTimeout: 1s}\n    http: {maxRetries: 5}\n"
        "subsets:\n  - name: v1\n    trafficPolicy:\n      connectionPool:\n"
        "        tcp: {maxConnections: 7}"
    )
    (finding,) = found(text, "SUBSET_POLICY_REPLACES")
    assert "http.maxRetries, tcp.connectTimeout are not set for it" in finding.message


def test_a_port_loses_all_blocks_that_it_does_not_repeat():
    text = policy(
        "outlierDetection: {maxEjectionPercent: 50}\nloadBalancer: {simple: RANDOM}\n"
        "portLevelSettings:\n  - port: {number: 80}\n    tls: {mode: DISABLE}"
    )
    (finding,) = judged(text)
    assert finding.code == "PORT_POLICY_REPLACES"
    assert "settings of port 80 replace outlierDetection, loadBalancer above" in finding.message


def test_a_port_of_a_subset_loses_what_the_subset_took_from_above():
    text = (
        "# DestinationRule\nhost: payment\ntrafficPolicy:\n  outlierDetection: {interval: 5s}\n"
        "subsets:\n  - name: v1\n    trafficPolicy:\n      portLevelSettings:\n"
        "        - port: {number: 80}\n          tls: {mode: DISABLE}"
    )
    (finding,) = found(text, "PORT_POLICY_REPLACES")
    assert "replace outlierDetection above" in finding.message


def test_failover_takes_outlier_detection_from_above_the_subset():
    text = (
        "# DestinationRule\nhost: payment\ntrafficPolicy:\n  outlierDetection: {interval: 5s}\n"
        "subsets:\n  - name: v1\n    trafficPolicy:\n      loadBalancer:\n"
        "        localityLbSetting: {failoverPriority: [a]}"
    )
    assert found(text, "FAILOVER_WITHOUT_OUTLIER") == []
    without = text.replace("outlierDetection: {interval: 5s}", "tls: {mode: DISABLE}")
    assert len(found(without, "FAILOVER_WITHOUT_OUTLIER")) == 1


def _outliers(block: str, hosts: int | None) -> list[tuple[str, str]]:
    world = World(tuple(read(expanded(policy(f"outlierDetection: {{{block}}}")))))
    replicas = {} if hosts is None else {"payment.shop.svc.cluster.local": hosts}
    return [(f.code, f.severity) for f in check_outliers(world, replicas)]


@pytest.mark.parametrize(
    ("block", "hosts", "expected"),
    [
        ("interval: 5s", None, [("OUTLIER_EJECTS_NOBODY", "info")]),
        ("interval: 5s", 9, [("OUTLIER_EJECTS_NOBODY", "warning")]),
        ("interval: 5s", 10, []),
        ("maxEjectionPercent: 33", 3, [("OUTLIER_EJECTS_NOBODY", "warning")]),
        ("maxEjectionPercent: 34", 3, []),
        ("maxEjectionPercent: 34", None, []),
        ("maxEjectionPercent: 50", 1, [("OUTLIER_EJECTS_NOBODY", "warning")]),
        ("maxEjectionPercent: 100", None, [("OUTLIER_EJECTS_ALL", "warning")]),
        ("maxEjectionPercent: 100, minHealthPercent: 50", 2, []),
        ("maxEjectionPercent: 50, minHealthPercent: 60", 2, [("PANIC_UNDOES_EJECTION", "warning")]),
        ("maxEjectionPercent: 50, minHealthPercent: 60", None, [("PANIC_UNDOES_EJECTION", "info")]),
        ("maxEjectionPercent: 40, minHealthPercent: 60", None, []),
    ],
)
def test_percents_are_judged_by_the_number_of_hosts(block, hosts, expected):
    assert _outliers(block, hosts) == expected


def test_the_percent_that_lets_one_host_go_is_told():
    world = World(tuple(read(expanded(policy("outlierDetection: {interval: 5s}")))))
    (finding,) = check_outliers(world, {"payment.shop.svc.cluster.local": 3})
    assert finding.message == (
        "maxEjectionPercent defaults to 10 %, which is one host of 10 or more; there are 3"
    )
    assert finding.advice.startswith("Set maxEjectionPercent to 34 or more")


@pytest.mark.parametrize(
    ("block", "codes"),
    [
        ("consecutive5xxErrors: 0", ["OUTLIER_NEVER_TRIGGERS"]),
        ("consecutive5xxErrors: 0, consecutiveGatewayErrors: 3", []),
        ("consecutiveGatewayErrors: 4", []),
        ("consecutiveGatewayErrors: 5", ["GATEWAY_ERRORS_INERT"]),
        ("consecutive5xxErrors: 9, consecutiveGatewayErrors: 5", []),
    ],
)
def test_detectors_that_never_act_are_found(block, codes):
    assert [code for code, _ in _outliers(f"{block}, maxEjectionPercent: 50", None)] == codes


def test_replicas_count_the_pods_behind_a_host_as_telemetry_saw_them():
    record = facts("payment", {}, servers=frozenset({("", "shop", "v1"), ("", "shop", "v2")}))
    pods = {("", "shop", "v1"): (2, 5), ("", "shop", "v2"): (1, 1)}
    telemetry = Telemetry(facts={record.target.path: record}, pods=pods)
    assert telemetry.replicas(None) == {"payment.shop.svc.cluster.local": 3}
    assert telemetry.replicas("east") == {}
    del pods["", "shop", "v2"]  # a workload that is not counted leaves the host unknown
    assert telemetry.replicas(None) == {}


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("tcp: {maxConnections: 1}", {"POOL_OF_ONE": "critical", "POOL_APPLIED_TWICE": "info"}),
        ("http: {http2MaxRequests: 1}", {"POOL_OF_ONE": "critical", "POOL_APPLIED_TWICE": "info"}),
        (
            "http: {http1MaxPendingRequests: 1}",
            {"POOL_OF_ONE": "warning", "POOL_APPLIED_TWICE": "info"},
        ),
        ("tcp: {maxConnections: 0}", {"POOL_ZERO": "warning"}),
        ("tcp: {connectTimeout: 1s}", {}),
        ("http: {maxRetries: 3}", {}),
    ],
)
def test_pools_of_one_and_of_nothing_are_found(pool, expected):
    assert {f.code: f.severity for f in judged(policy(f"connectionPool:\n  {pool}"))} == expected


def test_a_sidecar_that_sets_the_servers_side_answers_the_double_application():
    text = policy("connectionPool:\n  tcp: {maxConnections: 50}")
    sidecar = "# Sidecar shop/default\ninboundConnectionPool:\n  tcp: {maxConnections: 500}"
    assert [f.code for f in judged(text)] == ["POOL_APPLIED_TWICE"]
    assert judged(f"{text}\n---\n{sidecar}") == ()
    assert len(judged(f"{text}\n---\n{sidecar.replace('shop/', 'web/')}")) == 1
