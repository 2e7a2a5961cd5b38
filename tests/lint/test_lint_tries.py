"""Timeouts and retries of one route, with the numbers that are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lint_samples import expanded, found, judged, read, route

from observe.export.retries import longest_backoff_ms
from observe.lint.engine import LintOptions, lint

KIALI = route("timeout: 2s\nretries: {attempts: 3, perTryTimeout: 2s}")


def test_the_defaults_of_kialis_wizard_are_found_with_both_ways_out():
    (finding,) = judged(KIALI)
    assert (finding.code, finding.severity, finding.line) == (
        "PER_TRY_NOT_BELOW_TIMEOUT",
        "warning",
        10,
    )
    assert finding.message == (
        "perTryTimeout 2s is not below the timeout 2s, so Envoy ignores it: one slow try uses up "
        "the time of all 4 (4 x 2s = 8s)"
    )
    # the pauses before three retries: (1 + 3 + 7) x 25 ms = 275 ms
    assert finding.advice == "Lower perTryTimeout to 431ms or less, or raise timeout to 8275ms."


@pytest.mark.parametrize(
    ("attempts", "base", "pauses"),
    [(0, 25, 0), (1, 25, 25), (3, 25, 275), (5, 25, 775), (2, 100, 400)],
)
def test_the_longest_pauses_are_those_of_envoys_formula(attempts, base, pauses):
    assert longest_backoff_ms(attempts, base) == pauses


@given(st.integers(0, 8), st.integers(1, 2000), st.integers(1, 20_000))
def test_what_is_advised_is_no_longer_found(attempts, per_try, timeout):
    text = route(
        f"timeout: {timeout}ms\nretries: {{attempts: {attempts + 1}, perTryTimeout: {per_try}ms}}"
    )
    codes = ("PER_TRY_NOT_BELOW_TIMEOUT", "TRIES_EXCEED_TIMEOUT")
    for finding in (f for f in judged(text) if f.code in codes):
        words = finding.advice.rstrip(".").split()
        if words[0] == "Lower":
            assert not _broken(attempts + 1, words[3], f"{timeout}ms")
        assert not _broken(attempts + 1, f"{per_try}ms", words[-1])


def _broken(attempts: int, per_try: str, timeout: str) -> bool:
    text = route(f"timeout: {timeout}\nretries: {{attempts: {attempts}, perTryTimeout: {per_try}}}")
    codes = ("PER_TRY_NOT_BELOW_TIMEOUT", "TRIES_EXCEED_TIMEOUT", "INVALID_DURATION")
    return any(f.code in codes for f in judged(text))


def test_tries_that_do_not_fit_are_counted():
    (finding,) = judged(route("timeout: 1s\nretries: {attempts: 2, perTryTimeout: 400ms}"))
    assert (finding.code, finding.severity) == ("TRIES_EXCEED_TIMEOUT", "warning")
    assert finding.message == (
        "3 tries of 400ms and up to 100ms of back-off need 1300ms, and the timeout is 1s: 2 slow "
        "tries fit"
    )
    assert finding.advice == "Lower perTryTimeout to 300ms or less, or raise timeout to 1300ms."


def test_tries_that_only_the_longest_pauses_push_out_are_worth_knowing():
    (finding,) = judged(route("timeout: 1250ms\nretries: {attempts: 2, perTryTimeout: 400ms}"))
    assert (finding.code, finding.severity) == ("TRIES_EXCEED_TIMEOUT", "info")
    assert finding.message.endswith("the last slow try is cut short")


def test_tries_that_fit_to_the_millisecond_are_fine():
    assert judged(route("timeout: 1300ms\nretries: {attempts: 2, perTryTimeout: 400ms}")) == ()


def test_a_longer_backoff_needs_more_room():
    text = "timeout: 1300ms\nretries: {attempts: 2, perTryTimeout: 400ms, backoff: 50ms}"
    (finding,) = judged(route(text))
    assert "up to 200ms of back-off need 1400ms" in finding.message


def test_a_per_try_timeout_without_a_timeout_tells_how_long_the_caller_waits():
    (finding,) = judged(route("retries: {attempts: 2, perTryTimeout: 300ms}"))
    assert finding.code == "PER_TRY_WITHOUT_TIMEOUT"
    assert "may wait 1s for 3 tries" in finding.message


def test_the_default_retries_are_those_of_the_mesh():
    text = expanded(route("timeout: 1s"))
    (finding,) = lint(read(text), options=LintOptions(default_attempts=5))
    assert finding.message == (
        "no retries are set beside the timeout of 1s, so Istio's default of 5 retries applies: up "
        "to 6 tries share the timeout"
    )
    assert lint(read(text), options=LintOptions(default_attempts=0)) == ()


@pytest.mark.parametrize(("attempts", "number"), [(3, 0), (4, 1), (10, 1)])
def test_more_than_four_tries_are_too_many(attempts, number):
    assert len(found(route(f"retries: {{attempts: {attempts}}}"), "TOO_MANY_TRIES")) == number


@pytest.mark.parametrize(
    ("retry_on", "told"),
    [
        ("connect-failure,refused-stream,unavailable,cancelled", None),
        ("reset-before-request", None),
        ("5xx", "5xx"),
        ("connect-failure,503", "503"),
        ("gateway-error,reset", "gateway-error, reset"),
        ("retriable-4xx", "retriable-4xx"),
    ],
)
def test_retries_after_the_work_was_done_are_unsafe(retry_on, told):
    findings = found(route(f'retries: {{attempts: 2, retryOn: "{retry_on}"}}'), "RETRY_ON_UNSAFE")
    assert [f.message.split(" retries on ")[1].split(", which")[0] for f in findings] == (
        [told] if told else []
    )
    assert all(f.severity == "warning" and f.message.endswith("3 times") for f in findings)


@pytest.mark.parametrize(
    ("methods", "number"), [(("GET",), 0), (("GET", "PUT"), 0), (("GET", "POST"), 1), ((), 1)]
)
def test_only_methods_that_may_be_repeated_may_retry_on_anything(methods, number):
    match = "".join(f"      - method: {{exact: {m}}}\n" for m in methods)
    text = (
        "# VirtualService\nhosts: [payment]\nhttp:\n  - name: calls\n"
        + (f"    match:\n{match}" if match else "")
        + "    route:\n      - destination: {host: payment}\n"
        "    retries: {attempts: 1, retryOn: 5xx}"
    )
    assert len(found(text, "RETRY_ON_UNSAFE")) == number


@pytest.mark.parametrize("token", ["429", "resource-exhausted", "envoy-ratelimited"])
def test_overload_is_not_to_be_retried(token):
    (finding,) = judged(route(f'retries: {{attempts: 1, retryOn: "{token}"}}'))
    assert (finding.code, finding.advice) == ("RETRY_ON_OVERLOAD", f"Remove {token} from retryOn.")


def test_an_aborting_fault_for_everybody_is_critical_and_one_of_no_share_is_none():
    abort = "fault:\n  abort: {httpStatus: 500, percentage: {value: %s}}"
    (finding,) = judged(route(abort % 100))
    assert (finding.code, finding.severity, finding.line) == ("FAULT_LEFT_OVER", "critical", 10)
    assert finding.message == "http[0] has 100 % of its requests aborted on purpose"
    assert [f.severity for f in judged(route(abort % 5))] == ["warning"]
    assert judged(route(abort % 0)) == ()


def test_a_delegate_takes_what_it_does_not_set_from_its_root():
    root = (
        "# VirtualService shop/root\nhosts: [payment]\nhttp:\n  - delegate: {name: inner}\n"
        "    timeout: 1s\n    retries: {attempts: 3, perTryTimeout: 1s}"
    )
    inner = (
        "# VirtualService shop/inner\nhttp:\n  - route:\n      - destination: {host: payment}\n"
        "    timeout: 3s"
    )
    (finding,) = judged(f"{root}\n---\n{inner}")
    # three tries of a second and their pauses do not fit into the delegate's own three seconds
    assert (finding.code, finding.object) == ("TRIES_EXCEED_TIMEOUT", "VirtualService shop/root")
    assert "4 tries of 1s and up to 275ms of back-off need 4275ms" in finding.message
    assert "the timeout is 3s: 3 slow tries fit" in finding.message
