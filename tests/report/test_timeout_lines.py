import pytest
from reports import backtest, evidence, recommendation

from observe.recommend.policy import Policy, TimeoutPolicy
from observe.recommend.timeout_model import TimeoutPredicted
from observe.report.timeout_lines import timeout_lines


def lines(**changes):
    return timeout_lines(recommendation(**changes), Policy())


def fact(facts, name):
    return next(fact.value for fact in facts if fact.name == name)


def test_what_is_not_known_is_not_called_none():
    assert lines(current=None).now == "not known"
    assert lines().now == "none"
    assert lines(current={"timeout": "1500ms"}).now == "1.5 s"


@pytest.mark.parametrize(
    ("current", "severity", "text"),
    [
        (None, "warning", "set a timeout of 850 ms"),
        ({"timeout": "300ms"}, "critical", "raise the timeout from 300 ms to 850 ms"),
        ({"timeout": "15s"}, "info", "lower the timeout from 15 s to 850 ms"),
        ({"timeout": "900ms"}, "ok", "keep the timeout of 900 ms"),
    ],
)
def test_the_action_says_which_way_the_timeout_goes(current, severity, text):
    assert lines(current=current, severity=severity).action == text


def test_the_effect_names_the_share_and_the_number_a_day():
    assert lines().effect == "cuts 0.05 % of requests, 88 a day"


def test_the_effect_of_a_rare_cut_is_not_rounded_to_none():
    rare = TimeoutPredicted(fraction_cut=1e-6, requests_cut_per_day=0.2)
    text = "cuts 0.0001 % of requests, less than one a day"
    assert lines(predicted=rare).effect == text
    none = TimeoutPredicted(fraction_cut=0.0, requests_cut_per_day=0.0)
    assert lines(predicted=none).effect == "cuts no request that was seen"


def test_a_current_timeout_that_cuts_more_is_told():
    tight = lines(backtest=backtest(current_fraction_cut=0.013))
    assert tight.effect == "cuts 0.05 % of requests, 88 a day, instead of 1.3 % today"
    loose = lines(backtest=backtest(current_fraction_cut=0.0001))
    assert "instead" not in loose.effect


def test_the_interval_of_the_cut_is_told_where_it_is_known():
    assert fact(lines().predicted, "Requests cut") == "0.05 % (0.03 % to 0.08 %)"
    assert fact(lines(predicted_interval={}).predicted, "Requests cut") == "0.05 %"


@pytest.mark.parametrize(
    ("interval", "verdict", "held"),
    [
        ((0.0002, 0.0009), "within the 0.1 % that is accepted.", True),
        ((0.0008, 0.0013), "within noise of the 0.1 % that is accepted.", True),
        ((0.0011, 0.0020), "more than the 0.1 % that is accepted.", False),
    ],
)
def test_the_backtest_is_judged_by_its_interval(interval, verdict, held):
    judged = lines(backtest=backtest(fraction_cut_interval=interval))
    text = judged.backtest
    assert judged.held is held
    assert text.endswith(verdict)
    assert "Learned on the first 4.9 days, the timeout would have been 900 ms" in text
    assert "over the 2.1 days that followed it would have cut 0.06 %" in text


def test_a_missing_backtest_is_said():
    assert lines(backtest=None).backtest.startswith("No backtest")
    assert lines(backtest=None).held is None


def test_the_derivation_leads_from_the_quantile_to_the_proposal():
    policy = Policy(timeout=TimeoutPolicy(headroom=0.1, interval_confidence=0.95))
    steps = timeout_lines(recommendation(), policy).steps
    assert steps[0].startswith("0.1 % of good requests may be cut, so the p99.9")
    assert "640 ms" in steps[1]
    assert "588 ms and 731 ms" in steps[1]
    assert steps[2] == "10 % of room on top of the upper end: 804 ms."
    assert steps[-1] == "Rounded up: 850 ms."
    assert len(steps) == 4


def test_the_derivation_names_each_rule_that_moved_the_number():
    moved = recommendation(
        reasons=("NARROW_SPREAD_PADDED", "MINIMUM_APPLIED", "CALLER_RAISED_TO_CALLEE"),
        evidence=evidence(median_ms=600.0),
    )
    steps = timeout_lines(moved, Policy()).steps
    assert steps[3] == "At least 1.5 times the median of 600 ms: 900 ms."
    assert steps[4] == "No timeout is shorter than 10 ms."
    assert steps[5].startswith("Raised to the longest timeout")
