"""Releases and their bugs."""

import pytest
from lint_samples import expanded, found, judged, policy, read, route

from observe.errors import InputError
from observe.export.releases import (
    Release,
    default_budget_is_tiny,
    read_release,
    refuses_budget_alone,
    subsets_lose_budget,
)
from observe.lint.engine import LintOptions, lint


def _on(release: str) -> LintOptions:
    return LintOptions(release=read_release(release))


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("1.27.3", Release((1, 27), 3)),
        ("v1.28", Release((1, 28), 0)),
        ("1.31.0-rc.1", Release((1, 31), 0)),
    ],
)
def test_a_release_is_read(text, release):
    assert read_release(text) == release


@pytest.mark.parametrize("text", ["", "1", "latest", "1.27.x", "1.27.3.4"])
def test_what_is_no_release_is_refused(text):
    with pytest.raises(InputError, match="is not an Istio version"):
        read_release(text)


@pytest.mark.parametrize(
    ("release", "tiny", "lost", "alone"),
    [
        ("1.27.0", True, True, True),
        ("1.27.1", True, True, False),
        ("1.27.9", True, True, False),
        ("1.28.5", True, True, False),
        ("1.28.6", False, True, False),
        ("1.28.10", False, True, False),
        ("1.29.1", True, True, False),
        ("1.29.2", False, False, False),
        ("1.30.0", False, False, False),
        ("1.31.2", False, False, False),
    ],
)
def test_the_bugs_of_the_retry_budget_are_those_of_the_release(release, tiny, lost, alone):
    read = read_release(release)
    assert default_budget_is_tiny(read) is tiny
    assert subsets_lose_budget(read) is lost
    assert refuses_budget_alone(read) is alone


def test_an_unknown_release_may_have_each_bug_but_the_one_of_1_27_0():
    assert default_budget_is_tiny(None)
    assert subsets_lose_budget(None)
    assert not refuses_budget_alone(None)


BUDGET = policy(
    "connectionPool:\n  tcp: {maxConnections: 9}\nretryBudget: {minRetryConcurrency: 5}"
)


def test_a_budget_left_to_the_wrong_default_is_found_on_the_releases_that_have_it():
    (finding,) = found(BUDGET, "RETRY_BUDGET_DEFAULT", options=_on("1.28.3"))
    assert "the default of Istio 1.28.3 is 0.2 instead of 20 (istio#59504)" in finding.message
    assert found(BUDGET, "RETRY_BUDGET_DEFAULT", options=_on("1.28.6")) == []
    (finding,) = found(BUDGET, "RETRY_BUDGET_DEFAULT")
    assert "1.27, 1.28 to 1.28.5 and 1.29 to 1.29.1" in finding.message


SUBSET = (
    "subsets:\n  - name: v1\n    labels: {a: b}\n    trafficPolicy:\n"
    "      loadBalancer: {simple: RANDOM}"
)


def test_a_subset_with_a_policy_loses_the_budget_above_it():
    text = policy("retryBudget: {percent: 20}\ntls: {mode: DISABLE}") + f"\n{SUBSET}"
    (finding,) = found(text, "RETRY_BUDGET_DROPPED", options=_on("1.28.10"))
    assert finding.severity == "warning"
    assert finding.message == (
        "the retryBudget does not reach subset v1, which has a trafficPolicy of its own "
        "(istio#59667): its retries are not bounded"
    )
    assert found(text, "RETRY_BUDGET_DROPPED", options=_on("1.29.2")) == []
    assert [f.severity for f in found(text, "RETRY_BUDGET_DROPPED")] == ["info"]


def test_a_budget_in_the_subset_is_ignored_there():
    text = f"# DestinationRule\nhost: payment\n{SUBSET}\n      retryBudget: {{percent: 20}}"
    (finding,) = found(text, "RETRY_BUDGET_DROPPED", options=_on("1.29.1"))
    assert finding.message.startswith("the retryBudget of subset v1 is ignored (istio#59667)")


@pytest.mark.parametrize(
    ("text", "release", "number"),
    [
        (route("retries: {attempts: 1, backoff: 50ms}"), "1.25.9", 1),
        (route("retries: {attempts: 1, backoff: 50ms}"), "1.26.0", 0),
        (policy("retryBudget: {percent: 20}"), "1.26.4", 1),
        (policy("outlierDetection: {outlierDetectionHttpErrorCodes: [503]}"), "1.30.1", 1),
        (policy("outlierDetection: {outlierDetectionHttpErrorCodes: [503]}"), "1.31.0", 0),
        (policy("connectionPool:\n  tcp: {idleTimeout: 1h}"), "1.20.0", 2),
        (policy("connectionPool:\n  http: {idleTimeout: 1h}"), "1.22.0", 0),
    ],
)
def test_fields_before_their_time_are_found(text, release, number):
    # below 1.22 the version of the object is one more
    assert len(found(text, "NEEDS_NEWER_ISTIO", options=_on(release))) == number


def test_the_version_of_an_object_has_its_time_too():
    text = expanded(route("retries: {attempts: 0}"))
    (finding,) = lint(read(text), options=_on("1.21.3"))
    assert (finding.code, finding.line) == ("NEEDS_NEWER_ISTIO", 1)
    beta = text.replace("networking.istio.io/v1", "networking.istio.io/v1beta1")
    assert lint(read(beta), options=_on("1.21.3")) == ()


def test_no_release_has_no_fields_that_are_too_new():
    assert judged(route("retries: {attempts: 1, backoff: 50ms}")) == ()


def test_what_takes_the_place_of_a_deprecated_field_is_told():
    (finding,) = judged(route("mirror: {host: b}\nmirrorPercent: 10"))
    assert finding.message == "spec.http[0].mirrorPercent is deprecated"
    assert finding.advice == "Use mirrorPercentage.value instead."
