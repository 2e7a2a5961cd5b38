import pytest
from reports_kinds import retry, retry_backtest, retry_evidence

from observe.recommend.policy import Policy, RetryPolicy
from observe.recommend.retry_model import EnvoyRetries, RetryPredicted
from observe.report.retry_lines import retry_lines

OFF = {"proposed": {"attempts": 0}, "predicted_interval": {}}


def lines(policy=None, **changes):
    return retry_lines(retry(**changes), policy or Policy())


def facts(items):
    return {fact.name: fact.value for fact in items}


@pytest.mark.parametrize(
    ("current", "now"),
    [
        (None, "not known"),
        ({"attempts": None, "source": None}, "2 retries (default)"),
        ({"attempts": 0}, "no retries"),
        ({"attempts": 1}, "1 retry"),
        ({"attempts": 5}, "5 retries"),
    ],
)
def test_what_is_set_names_the_default_of_istio(current, now):
    assert lines(current=current).now == now


def test_the_proposal_comes_with_its_budget():
    assert lines().proposed == "1 retry, budget 20 %"
    assert lines(**OFF).proposed == "no retries"


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, "set 1 retry within a budget instead of Istio's default of 2"),
        ({"current": {"attempts": 3}}, "set 1 retry within a budget instead of 3 retries"),
        ({"current": None}, "set 1 retry within a budget"),
        (OFF, "switch off Istio's default retries"),
        ({**OFF, "current": {"attempts": 3}}, "switch retries off"),
        ({"severity": "ok", "current": {"attempts": 1}}, "keep 1 retry"),
        (
            {"reasons": ("RETRY_CURES", "RETRY_ON_UNSAFE"), "current": {"attempts": 1}},
            "retry only what the server has not begun, within a budget",
        ),
        (
            {"reasons": ("DEFAULT_TRIES_ON_PATH", "RETRY_DEFAULT_UNBOUND")},
            "bound Istio's default retries by a budget",
        ),
        (
            {"reasons": ("RETRY_CURES", "RETRY_NO_BUDGET"), "current": {"attempts": 1}},
            "bound the 1 retry by a budget",
        ),
    ],
)
def test_the_action_says_what_to_do(changes, action):
    assert lines(**changes).action == action


def test_the_effect_sets_failures_against_load():
    assert lines().effect == (
        "0.1 % of requests fail (0.5 % without retries), the load of the worst hour grows by 1.2 %"
    )


def test_no_retries_come_with_their_reason_and_the_plan_overrules():
    off = {**OFF, "reasons": ("RETRIES_MULTIPLY_OUTAGES",)}
    assert lines(**off).effect == "retries do not multiply the load of an outage"
    planned = {**OFF, "reasons": ("RETRY_CURES", "TOO_MANY_TRIES_ON_PATH")}
    assert lines(**planned).effect == "tries do not multiply along the path of calls"


def test_default_retries_that_multiply_are_told_as_what_they_are():
    found = lines(reasons=("DEFAULT_TRIES_ON_PATH",))
    assert found.effect == "tries do not multiply along the path of calls"
    assert "multiply to more than 4, unless a budget holds them." in found.steps[1]
    assert found.steps[2].startswith("The budget bounds retries to 20 %")
    assert len(found.steps) == 4


def test_evidence_names_the_most_frequent_failures_and_what_would_become_of_them():
    found = facts(lines().evidence)
    assert found["Failures of all kinds"] == "840 (0.5 % of requests)"
    assert found["Most frequent"] == (
        "503 UF: 672, another try cures it; 500: 168, the work may be done already"
    )
    assert found["First tries that another cures"] == "0.4 % (0.38 % to 0.42 %), 90 % interval"
    assert found["Tries that arrived per request"] == "1"
    assert "Retries that Envoy counted" not in found


def test_evidence_without_reports_says_so_or_leaves_it_out():
    alone = retry_evidence(hosts=None, amplification=None, envoy=EnvoyRetries(retries=12.0))
    found = facts(lines(evidence=alone).evidence)
    assert found["Hosts to choose from"] == "not known"
    assert found["Retries that Envoy counted"] == "12"
    assert "Tries that arrived per request" not in found


def test_predictions_carry_their_intervals():
    assert facts(lines().predicted) == {
        "Failing without retries": "0.5 %",
        "Failing with them": "0.1 % (0.09 % to 0.12 %)",
        "More load over the window": "0.4 % (0.38 % to 0.42 %)",
        "More load in the worst hour": "1.2 % (1 % to 1.4 %)",
    }
    assert facts(lines(**OFF).predicted) == {"Failing without retries": "0.5 %"}


def test_the_steps_put_the_numbers_into_the_formula():
    steps = lines().steps
    assert "f = 0.4 %" in steps[0]
    assert "q = 0.5 %" in steps[0]
    assert "0.4 % by the first, 0.002 % by the second; worth it from 0.01 % on" in steps[1]
    assert "1.2 % (1 % to 1.4 %); up to 10 % is accepted" in steps[2]
    assert "20 % of what is under way" in steps[3]
    assert steps[-1] == "Proposed: 1 retry, budget 20 %."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("RETRIES_FEED_OVERLOAD", "no retries, whatever else fails"),
        ("RETRIES_MULTIPLY_OUTAGES", "are the least worth curing"),
        ("RETRIES_ABOVE_LOAD", "In the worst hour 1.2 % fail"),
    ],
)
def test_the_steps_say_why_there_is_no_retry(reason, words):
    steps = lines(**OFF, reasons=(reason,)).steps
    assert words in steps[1]
    assert steps[-1] == "Proposed: no retries."


@pytest.mark.parametrize(
    ("interval", "verdict", "held"),
    [
        ((0.009, 0.013), "within the 10 % that is accepted.", True),
        ((0.09, 0.13), "within noise of the 10 % that is accepted.", True),
        ((0.11, 0.13), "more than the 10 % that is accepted.", False),
    ],
)
def test_the_backtest_is_judged_by_the_load_of_the_worst_hour(interval, verdict, held):
    found = lines(backtest=retry_backtest(added_load_worst_hour_interval=interval))
    assert found.backtest.endswith(verdict)
    assert found.held is held
    start = "Learned on the first 4.9 days, 1 retry would have been advised; over the 2.1 days"
    assert found.backtest.startswith(start)
    assert "0.11 % of requests would have failed instead of 0.4 %" in found.backtest


def test_a_backtest_without_retries_tells_what_failed():
    text = lines(backtest=retry_backtest(attempts=0)).backtest
    assert text == (
        "Learned on the first 4.9 days, no retries would have been advised; over the 2.1 days "
        "that followed 0.4 % of requests failed."
    )
    assert lines(backtest=None).backtest.startswith("No backtest")


def test_a_policy_with_another_bound_is_quoted():
    policy = Policy(retry=RetryPolicy(most_added_load=0.01))
    assert lines(policy).held is True
    assert "the 1 % that is accepted" in lines(policy).backtest


def test_a_success_above_all_is_not_told_as_a_negative_failure():
    whole = RetryPredicted(
        success_before=0.996, success_after=1.0, added_load=0.004, added_load_worst_hour=0.004
    )
    found = lines(predicted=whole, predicted_interval={"successAfter": (0.999, 1.0)})
    assert facts(found.predicted)["Failing with them"] == "0 % (0 % to 0.1 %)"
