"""What Istio refuses: fields, types, durations, and what its validation adds."""

import pytest
from lint_samples import expanded, judged, policy, read, route

from observe.lint.engine import lint


@pytest.mark.parametrize(
    ("rest", "code", "words"),
    [
        ("timeouts: 1s", "UNKNOWN_FIELD", "spec.http[0] has no field 'timeouts'"),
        ("retries: {attempts: '2'}", "WRONG_TYPE", "spec.http[0].retries.attempts is '2'"),
        ("retries: {attempts: true}", "WRONG_TYPE", "spec.http[0].retries.attempts is True"),
        ("retries: {attempts: -1}", "OUT_OF_RANGE", "spec.http[0].retries.attempts is -1"),
        ("timeout: 1.5", "INVALID_DURATION", "1.5 is not a duration"),
        ("timeout: 0s", "INVALID_DURATION", "shorter than 1ms"),
        ("timeout: 1500us", "INVALID_DURATION", "finer than whole milliseconds"),
        ("retries: {attempts: 1, backoff: 1d}", "INVALID_DURATION", "'1d' is not a duration"),
        ("retries: [1]", "WRONG_TYPE", "spec.http[0].retries is [1]"),
    ],
)
def test_a_route_that_istio_refuses(rest, code, words):
    (finding,) = judged(route(rest))
    assert (finding.code, finding.severity, finding.line) == (code, "critical", 9)
    assert words in finding.message


@pytest.mark.parametrize(
    ("rest", "code", "words"),
    [
        ("outlierDetection: {maxEjectionPercent: 101}", "OUT_OF_RANGE", "is 101"),
        ("connectionPool:\n  http: {h2UpgradePolicy: SOMETIMES}", "WRONG_TYPE", "'SOMETIMES'"),
        ("retryBudget: {percent: .nan}", "OUT_OF_RANGE", "is nan"),
        ("connectionPool: {}", "EMPTY_BLOCK", "neither http nor tcp"),
        ("portLevelSettings: [{tls: {mode: DISABLE}}]", "EMPTY_BLOCK", "names no port"),
        (
            "connectionPool:\n  http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}",
            "INVALID_OBJECT",
            "exclude one another",
        ),
        (
            "connectionPool:\n  http: {http2KeepAlive: {interval: 1s}}",
            "INVALID_OBJECT",
            "both interval and timeout",
        ),
        ("loadBalancer: {warmup: {aggression: 2}}", "INVALID_OBJECT", "no duration"),
    ],
)
def test_a_policy_that_istio_refuses(rest, code, words):
    (finding,) = judged(policy(rest))
    assert (finding.code, finding.severity) == (code, "critical")
    assert words in finding.message


def test_an_idle_timeout_of_0_is_allowed_for_tcp_alone():
    assert judged(policy("connectionPool:\n  tcp: {idleTimeout: 0s}")) == ()
    (finding,) = judged(policy("connectionPool:\n  http: {idleTimeout: 0s}"))
    assert finding.code == "INVALID_DURATION"


def test_an_object_of_the_wrong_structure_is_judged_no_further():
    text = route("timeout: 1s\nretries: {attempts: 9, perTryTimeout: 2s, tries: 3}")
    assert [f.code for f in judged(text)] == ["UNKNOWN_FIELD"]


def test_a_slip_of_the_pen_is_answered_with_the_field_that_was_meant():
    (finding,) = judged(route("retries: {attempts: 1, perTryTimout: 1s}"))
    assert finding.advice == "Write perTryTimeout."
    (finding,) = judged(route("mirrorTo: x"))
    assert finding.advice.startswith("Write mirror")


def test_a_field_beside_the_spec_is_unknown_too():
    text = expanded(route("timeout: 1s")) + "timeout: 1s\n"
    (finding,) = lint(read(text))
    assert (finding.code, finding.line) == ("UNKNOWN_FIELD", 10)
    assert finding.message == "'timeout' is no field of a VirtualService"


def test_fields_that_are_null_count_as_absent():
    assert [f.code for f in judged(route("timeout: null\nretries: null"))] == []


@pytest.mark.parametrize(
    ("retries", "words"),
    [
        ("{attempts: 0, retryOn: 5xx}", "attempts is 0 (no retries), and retryOn is set"),
        (
            "{perTryTimeout: 1s, retryRemoteLocalities: true}",
            "attempts is missing, which counts as 0 (no retries), and perTryTimeout, "
            "retryRemoteLocalities is set",
        ),
    ],
)
def test_no_attempts_with_other_fields_is_one_finding(retries, words):
    (finding,) = judged(route(f"retries: {retries}"))
    assert (finding.code, finding.line) == ("RETRIES_OFF_WITH_FIELDS", 9)
    assert words in finding.message


def test_a_block_without_attempts_turns_retries_off():
    assert [f.code for f in judged(route("retries: {}"))] == ["RETRIES_OFF_UNSAID"]
    assert judged(route("retries: {attempts: 0}")) == ()


def test_spaces_in_retry_on_are_refused_and_the_right_text_is_told():
    findings = judged(
        route('retries: {attempts: 1, retryOn: "connect-failure, reset-before-request"}')
    )
    (finding,) = findings
    assert finding.code == "INVALID_RETRY_ON"
    assert finding.message == (
        "retryOn: ' reset-before-request' is not a retry condition. Istio does not trim spaces"
    )
    assert "'connect-failure,reset-before-request'" in finding.advice


@pytest.mark.parametrize("token", ["5XX", "599", "timeout", "connect_failure"])
def test_a_condition_that_nobody_knows_is_refused(token):
    findings = judged(route(f'retries: {{attempts: 1, retryOn: "{token}"}}'))
    assert "INVALID_RETRY_ON" in [f.code for f in findings]


def test_two_subsets_of_one_name_are_refused():
    subsets = "subsets:\n  - name: v1\n    labels: {a: b}\n  - name: v1\n    labels: {a: c}"
    (finding,) = judged(f"# DestinationRule\nhost: payment\n{subsets}")
    assert (finding.code, finding.line) == ("INVALID_OBJECT", 9)
    assert finding.message == "2 subsets have the name 'v1'"


def test_weights_of_nothing_are_refused_at_their_route():
    text = (
        "# VirtualService\nhosts: [payment]\nhttp:\n  - route:\n"
        "      - destination: {host: a}\n        weight: 0\n"
        "      - destination: {host: b}\n        weight: 0"
    )
    (finding,) = judged(text)
    assert finding.code == "INVALID_OBJECT"
    assert finding.message == "spec.http[0].route: the weights sum up to 0"
    assert finding.line == 8


@pytest.mark.parametrize("text", [route("retries: {attempts: 0}"), policy("tls: {mode: DISABLE}")])
def test_a_version_of_the_api_that_does_not_exist_is_refused(text):
    (finding,) = lint(read(expanded(text).replace("istio.io/v1", "istio.io/v2")))
    assert (finding.code, finding.line) == ("INVALID_OBJECT", 1)
    assert "'networking.istio.io/v2' is not one of networking.istio.io/v1," in finding.message
