"""What is set against what was measured."""

from dataclasses import replace

import pytest
from lint_samples import (
    advised,
    expanded,
    facts,
    found,
    judged,
    page_telemetry,
    policy,
    read,
    route,
    target,
)

from observe.lint.engine import lint
from observe.lint.telemetry import TargetFacts, Telemetry

CALM = page_telemetry(trouble=False)


def _of(record: TargetFacts, **more: object) -> Telemetry:
    return Telemetry(facts={record.target.path: record}, whole=True, **more)  # type: ignore[arg-type]


def _codes(text: str, telemetry: Telemetry, family: str) -> list[tuple[str, str]]:
    return [(f.code, f.severity) for f in judged(text, telemetry) if f.code.startswith(family)]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        ("379ms", [("TIMEOUT_BELOW_TAIL", "critical")]),  # below 380..430
        ("380ms", [("TIMEOUT_BELOW_TAIL", "warning")]),
        ("399ms", [("TIMEOUT_BELOW_TAIL", "warning")]),
        ("400ms", []),
        ("450ms", []),
        ("1350ms", []),  # three times the proposal of 450 ms
        ("1351ms", [("TIMEOUT_LOOSE", "info")]),
    ],
)
def test_a_timeout_is_judged_by_the_interval_of_the_quantile(timeout, expected):
    assert _codes(route(f"timeout: {timeout}"), CALM, "TIMEOUT") == expected


def test_the_numbers_behind_the_judgement_are_told():
    (finding,) = found(route("timeout: 200ms"), "TIMEOUT_BELOW_TAIL", CALM)
    assert finding.line == 9
    assert finding.message == (
        "the timeout 200ms is below the p99.9 of -/shop/payment, 400ms (380ms to 430ms, 20,000 "
        "requests in the busiest hours): it cuts good answers"
    )
    assert finding.advice == "Raise it to 450ms, or make the service faster."


def test_routes_that_differ_are_not_told_apart_by_telemetry():
    text = (
        "# VirtualService\nhosts: [payment]\nhttp:\n"
        "  - match: [{uri: {prefix: /q}}]\n    route: [{destination: {host: payment}}]\n"
        "    timeout: 100ms\n  - route: [{destination: {host: payment}}]\n    timeout: 500ms"
    )
    (finding,) = found(text, "TIMEOUT_BELOW_TAIL", CALM)
    assert (finding.severity, finding.line) == ("warning", 9)


@pytest.mark.parametrize(("per_try", "number"), [("379ms", 1), ("380ms", 0)])
def test_a_per_try_timeout_below_the_tail_repeats_good_answers(per_try, number):
    text = route(f"timeout: 5s\nretries: {{attempts: 2, perTryTimeout: {per_try}}}")
    findings = found(text, "PER_TRY_BELOW_TAIL", CALM)
    assert len(findings) == number
    assert all(f.advice == "Raise it to 430ms or more." for f in findings)


def test_a_per_try_timeout_that_envoy_ignores_cuts_nothing():
    text = route("timeout: 100ms\nretries: {attempts: 2, perTryTimeout: 200ms}")
    assert found(text, "PER_TRY_BELOW_TAIL", CALM) == []


def test_a_tail_that_is_cut_off_is_told_with_its_share():
    text = route("timeout: 1s", "search", "shop/search")
    (finding,) = found(text, "TIMEOUT_CUTS", CALM)
    assert finding.message == (
        "the timeout 1s of -/shop/search: 1.79% of the requests were cut before they could end"
    )
    assert finding.advice == "Raise it to 2s for a week, then look again."


def test_objects_of_a_clusters_folder_are_judged_by_that_clusters_telemetry_alone():
    east, west = {"target": target("payment", "east")}, {"target": target("payment", "west")}
    here = advised("payment", 380.0, 400.0, 430.0, "450ms").model_copy(update=east)
    there = advised("payment", 38.0, 40.0, 43.0, "45ms").model_copy(update=west)
    assert CALM.advice is not None
    advice = CALM.advice.model_copy(update={"recommendations": (here, there)})
    telemetry = Telemetry(advice=advice, clusters=frozenset({"east", "west"}))
    text = expanded(route("timeout: 100ms\nretries: {attempts: 0}"))
    items = [*read(text, "east/a.yaml", "east"), *read(text, "west/a.yaml", "west")]
    (finding,) = lint(items, telemetry)
    assert (finding.file, finding.code) == ("east/a.yaml", "TIMEOUT_BELOW_TAIL")


def _under_way(number: float) -> Telemetry:
    record = facts("payment", {("shop", "frontend"): number})
    return _of(record, pods={("", "shop", "frontend"): (2, 2)})


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (99, [("POOL_BELOW_CONCURRENCY", "critical")]),
        (100, [("POOL_BELOW_CONCURRENCY", "warning")]),  # chance: 100 + sqrt(100)
        (109, [("POOL_BELOW_CONCURRENCY", "warning")]),
        (110, []),
    ],
)
def test_a_pool_is_judged_by_the_requests_under_way_from_each_proxy(limit, expected):
    text = policy(f"connectionPool:\n  http: {{http2MaxRequests: {limit}}}")
    assert _codes(text, _under_way(200.0), "POOL_BELOW") == expected


def test_the_pool_that_is_needed_is_told():
    text = policy("connectionPool:\n  tcp: {maxConnections: 20}")
    (finding,) = found(text, "POOL_BELOW_CONCURRENCY", _under_way(200.0))
    assert finding.message == (
        "maxConnections 20: -/shop/frontend had 100 requests to -/shop/payment under way from each "
        "of its 2 proxies in the busiest step"
    )
    assert finding.advice.startswith("Set maxConnections to 130 or more")  # 100 + 3 sqrt(100)


def test_without_the_number_of_proxies_a_pool_is_judged_more_mildly():
    telemetry = _of(facts("payment", {("shop", "frontend"): 200.0}))
    text = policy("connectionPool:\n  http: {http2MaxRequests: 99}")
    (finding,) = found(text, "POOL_BELOW_CONCURRENCY", telemetry)
    assert finding.severity == "warning"
    assert "from all its proxies together" in finding.message


def test_connections_of_grpc_carry_many_requests_each():
    record = facts("payment", {("shop", "frontend"): 200.0}, grpc=True)
    text = policy("connectionPool:\n  tcp: {maxConnections: 2}")
    assert found(text, "POOL_BELOW_CONCURRENCY", _of(record)) == []


def _failing(flags: dict[str, float], **more: object) -> Telemetry:
    return _of(facts("payment", {}, flags=flags, failures=sum(flags.values()), **more))


@pytest.mark.parametrize(
    ("flags", "number"),
    [({"UO": 2000.0}, 1), ({"UO": 100.0}, 0), ({"UO": 900.0, "UF": 1000.0}, 0), ({"UF": 9e3}, 0)],
)
def test_retries_are_under_overload_when_most_failures_are(flags, number):
    text = route("retries: {attempts: 2}")
    assert len(found(text, "RETRIES_UNDER_OVERLOAD", _failing(flags))) == number


def test_answers_of_429_are_overload():
    telemetry = _failing({}, too_many=3000.0)
    (finding,) = found(route("retries: {attempts: 2}"), "RETRIES_UNDER_OVERLOAD", telemetry)
    assert "3.00% of the requests to -/shop/payment were refused" in finding.message
    assert "100% of all that failed" in finding.message


@pytest.mark.parametrize(("ratio", "number"), [(1.1, 0), (1.11, 1), (None, 0)])
def test_retries_that_add_more_than_a_tenth_are_told(ratio, number):
    telemetry = _of(facts("payment", {}, amplification=ratio))
    findings = found(route("retries: {attempts: 1}"), "RETRIES_MULTIPLY_LOAD", telemetry)
    assert len(findings) == number
    assert all("received 1.11 tries for each request sent" in f.message for f in findings)


def test_without_an_object_the_default_retries_of_the_mesh_are_named():
    telemetry = _of(facts("payment", {}, amplification=1.5))
    text = route("timeout: 1s", "ledger", "shop/ledger")
    (finding,) = found(text, "RETRIES_MULTIPLY_LOAD", telemetry)
    assert finding.object == "mesh"
    assert finding.message.endswith("(2 retries by Istio's default)")


def test_few_requests_say_nothing_about_shares():
    telemetry = _of(facts("payment", {}, amplification=1.5, requests=999.0))
    assert found(route("retries: {attempts: 1}"), "RETRIES_MULTIPLY_LOAD", telemetry) == []


@pytest.mark.parametrize(("refused", "severity"), [(10.0, "warning"), (1001.0, "critical")])
def test_requests_refused_by_a_pool_are_counted(refused, severity):
    text = policy("connectionPool:\n  http: {http2MaxRequests: 40}")
    (finding,) = found(text, "POOL_OVERFLOWS", _failing({"UO": refused}))
    assert finding.severity == severity
    assert "set: http2MaxRequests 40" in finding.message


def test_a_host_that_nobody_calls_is_told_where_telemetry_is_whole():
    text = route("timeout: 1s", "paymnt", "shop/paymnt")
    (finding,) = found(text, "HOST_WITHOUT_TRAFFIC", CALM)
    assert finding.message == ("no request to paymnt.shop.svc.cluster.local was seen in the window")
    assert found(text, "HOST_WITHOUT_TRAFFIC", replace(CALM, whole=False)) == []
    wild = route("timeout: 1s", "'*.shop.svc.cluster.local'", "shop/all")
    assert found(wild, "HOST_WITHOUT_TRAFFIC", CALM) == []


def test_namespaces_that_call_and_do_not_see_the_object_are_named():
    text = route("timeout: 1s").replace("hosts:", "exportTo: ['.']\nhosts:")
    (finding,) = found(text, "HIDDEN_FROM_CALLERS", CALM)
    assert finding.message.startswith("clients in web call -/shop/payment")
    assert found(text.replace("['.']", "['*']"), "HIDDEN_FROM_CALLERS", CALM) == []


def test_a_timeout_on_a_stream_is_told_with_the_reason():
    (finding,) = found(route("timeout: 15s", "events", "shop/events"), "TIMEOUT_ON_STREAM", CALM)
    assert finding.severity == "critical"
    assert finding.message == (
        "the timeout 15s of -/shop/events ends calls that are meant to stay open: a stream"
    )


def test_a_host_that_is_called_in_another_cluster_alone_is_in_use():
    text = expanded(route("timeout: 1s"))
    east = facts("payment", {}, target=target("payment", "east"))
    west = facts("ledger", {}, target=target("ledger", "west"))
    records = {record.target.path: record for record in (east, west)}
    telemetry = Telemetry(facts=records, clusters=frozenset({"east", "west"}), whole=True)
    other = expanded(route("timeout: 1s", "ledger", "shop/ledger"))
    findings = lint([*read(text), *read(other, "west/b.yaml", "west")], telemetry)
    assert "HOST_WITHOUT_TRAFFIC" not in [f.code for f in findings]


def test_a_pool_has_to_suit_the_servers_too_unless_a_sidecar_sets_theirs():
    clients = {("shop", "frontend"): 20.0, ("web", "portal"): 20.0}
    record = facts("payment", clients, all_under_way=36.0)
    pods = {("", "shop", "frontend"): (2, 2), ("", "web", "portal"): (2, 2)}
    telemetry = _of(record, pods=pods | {("", "shop", "payment"): (1, 2)})
    text = policy("connectionPool:\n  http: {http2MaxRequests: 15}")
    (finding,) = found(text, "POOL_BELOW_CONCURRENCY", telemetry)  # clients need 10 + sqrt(10)
    assert finding.severity == "critical"
    assert finding.message == (
        "http2MaxRequests 15: each of the 2 servers of -/shop/payment had 18 requests under way "
        "from all clients in the busiest step"
    )
    sidecar = "# Sidecar shop/default\ninboundConnectionPool:\n  http: {http2MaxRequests: 90}"
    assert found(f"{text}\n---\n{sidecar}", "POOL_BELOW_CONCURRENCY", telemetry) == []
