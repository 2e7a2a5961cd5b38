import pytest
from reports import advice, backtest, evidence, recommendation, withheld

from observe.recommend.policy import Policy, TimeoutPolicy
from observe.recommend.timeout_model import TimeoutPredicted
from observe.report.words import (
    action_text,
    backtest_text,
    current_text,
    cut_interval_text,
    derivation,
    effect_text,
    headline_text,
    names_text,
    sureness_text,
)


def test_what_is_not_known_is_not_called_none():
    assert current_text(recommendation(current=None)) == "not known"
    assert current_text(recommendation()) == "none"
    assert current_text(recommendation(current={"timeout": "1500ms"})) == "1.5 s"


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
    assert action_text(recommendation(current=current, severity=severity)) == text


def test_the_effect_names_the_share_and_the_number_a_day():
    assert effect_text(recommendation()) == "cuts 0.05 % of requests, 88 a day"


def test_the_effect_of_a_rare_cut_is_not_rounded_to_none():
    rare = TimeoutPredicted(fraction_cut=1e-6, requests_cut_per_day=0.2)
    text = "cuts 0.0001 % of requests, less than one a day"
    assert effect_text(recommendation(predicted=rare)) == text
    none = TimeoutPredicted(fraction_cut=0.0, requests_cut_per_day=0.0)
    assert effect_text(recommendation(predicted=none)) == "cuts no request that was seen"


def test_a_current_timeout_that_cuts_more_is_told():
    tight = recommendation(backtest=backtest(current_fraction_cut=0.013))
    assert effect_text(tight) == "cuts 0.05 % of requests, 88 a day, instead of 1.3 % today"
    loose = recommendation(backtest=backtest(current_fraction_cut=0.0001))
    assert "instead" not in effect_text(loose)


def test_the_interval_of_the_cut_is_told_where_it_is_known():
    assert cut_interval_text(recommendation()) == "0.03 % to 0.08 %"
    assert cut_interval_text(recommendation(predicted_interval={})) == ""


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.0002, 0.0009), "within the 0.1 % that is accepted."),
        ((0.0008, 0.0013), "within noise of the 0.1 % that is accepted."),
        ((0.0011, 0.0020), "more than the 0.1 % that is accepted."),
    ],
)
def test_the_backtest_is_judged_by_its_interval(interval, verdict):
    judged = recommendation(backtest=backtest(fraction_cut_interval=interval))
    text = backtest_text(judged, Policy())
    assert text.endswith(verdict)
    assert "Learned on the first 4.9 days, the timeout would have been 900 ms" in text
    assert "over the 2.1 days that followed it would have cut 0.06 %" in text


def test_a_missing_backtest_is_said():
    assert backtest_text(recommendation(backtest=None), Policy()).startswith("No backtest")


def test_the_derivation_leads_from_the_quantile_to_the_proposal():
    policy = Policy(timeout=TimeoutPolicy(headroom=0.1, interval_confidence=0.95))
    steps = derivation(recommendation(), policy)
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
    steps = derivation(moved, Policy())
    assert steps[3] == "At least 1.5 times the median of 600 ms: 900 ms."
    assert steps[4] == "No timeout is shorter than 10 ms."
    assert steps[5].startswith("Raised to the longest timeout")


def test_the_headline_counts_changes_settings_that_fit_and_withheld_targets():
    fits = recommendation("search", severity="ok", current={"timeout": "900ms"})
    urgent = recommendation("ads", severity="critical", current={"timeout": "100ms"})
    text = headline_text(advice(recommendation(), urgent, fits, withheld=(withheld(),)))
    assert text == (
        "2 changes are worth making (1 critical); 1 setting fits; "
        "1 target withheld, each with a reason."
    )


def test_the_headline_of_nothing_says_so():
    assert headline_text(advice()).startswith("No service was found")
    assert headline_text(advice(withheld=(withheld(),))).startswith("No change is worth making;")


def test_sureness_counts_grades_and_backtests_that_held():
    over = backtest(fraction_cut_interval=(0.002, 0.004))
    text = sureness_text(
        advice(
            recommendation("a"),
            recommendation("b", confidence="low", backtest=over),
            recommendation("c", confidence="low", backtest=None),
        ),
        Policy(),
    )
    assert text == (
        "Of 3 changes: 1 with high confidence, 2 with low confidence. Checked on data they did "
        "not see: 1 of 2 would have kept within the accepted 0.1 % of requests cut."
    )
    assert sureness_text(advice(), Policy()) == ""


def test_names_are_cut_off_with_a_count():
    items = [recommendation(f"s{i}") for i in range(5)]
    assert (
        names_text(items, most=2) == "s0 (shop, cluster east), s1 (shop, cluster east) and 3 more"
    )
