import pytest
from reports_kinds import outlier, outlier_backtest, outlier_evidence

from observe.recommend.outlier_model import OutlierPredicted
from observe.recommend.policy import Policy
from observe.report.outlier_lines import outlier_lines, outlier_now

SET = {"consecutive5xxErrors": 2, "maxEjectionPercent": 100}


def lines(**changes):
    return outlier_lines(outlier(**changes), Policy())


def facts(items):
    return {fact.name: fact.value for fact in items}


@pytest.mark.parametrize(
    ("current", "text"),
    [
        (None, "not known"),
        ({"outlierDetection": None, "source": None}, "none"),
        ({"outlierDetection": {}}, "none"),
        ({"outlierDetection": SET}, "2 errors in a row, 100 %"),
        ({"outlierDetection": {"interval": "5s"}}, "5 errors in a row, 10 %"),
        ({"outlierDetection": {"consecutive5xxErrors": 0}}, "off"),
        (
            {"outlierDetection": {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 3}},
            "3 gateway errors in a row, 10 %",
        ),
    ],
)
def test_what_is_set_is_told_with_the_defaults_of_istio(current, text):
    assert outlier_now(current) == text


def test_the_action_names_errors_and_hosts():
    text = "eject a host after 4 errors in a row, 25 % of the hosts at the most"
    assert lines().action == text
    changed = lines(current={"outlierDetection": SET})
    assert changed.action == f"{text}, instead of 2 errors in a row, 100 %"
    kept = lines(severity="ok", current={"outlierDetection": SET})
    assert kept.action == "keep 2 errors in a row, 100 % of the hosts"
    assert kept.effect == "no change needed"


def test_the_effect_tells_the_errors_that_are_avoided():
    assert lines().effect == (
        "a dead host is out after 2.2 s, which avoids 98 % of the errors of failing hosts"
    )


def test_the_effect_tells_of_healthy_hosts_that_are_ejected_today():
    fewer = OutlierPredicted(
        false_ejections_per_week=0.01,
        current_false_ejections_per_week=130.0,
        errors_avoided_fraction=None,
        seconds_to_eject=2.2,
    )
    assert lines(predicted=fewer, predicted_interval={}).effect == (
        "a dead host is out after 2.2 s; healthy hosts are ejected 0.01 times a week instead of 130"
    )


def test_evidence_tells_the_hosts_and_how_they_failed():
    found = facts(lines().evidence)
    assert found["Hosts"] == "5, 4 at the fewest"
    assert found["Errors of healthy hosts"] == "0.1 % (0.09 % to 0.12 %), 90 % interval (all 5xx)"
    assert found["Hosts that failed alone"] == (
        "1 host, 1 time, 2.8 hours at the longest, 35.1 k errors"
    )
    assert found["Errors that retries may hide"] == "up to 0.6 %"
    assert "Ejections that Envoy counted" not in found


def test_hosts_that_do_not_report_are_not_called_healthy():
    silent = outlier_evidence(episodes=None, hosts_reported=False, worst_host_fraction=None)
    found = facts(lines(evidence=silent).evidence)
    assert found["Hosts that failed alone"] == "not known: hosts do not report"
    assert "Worst host in its worst hour" not in found
    calm = facts(lines(evidence=outlier_evidence(episodes=None)).evidence)
    assert calm["Hosts that failed alone"] == "none was seen"


def test_predictions_carry_their_intervals():
    assert facts(lines().predicted) == {
        "Healthy hosts ejected": "0.01 (0 to 0.04) a week",
        "A dead host is out after": "2.2 s",
        "Errors of failing hosts avoided": "98 % (96 % to 99 %)",
    }


def test_the_steps_put_the_numbers_into_the_formula():
    steps = lines().steps
    assert steps[0].endswith("with p the share of errors, up to 0.6 %.")
    assert steps[1].endswith("is below 1 a week: 4, with 0.04.")
    assert steps[2] == "At 1.8 /s from one proxy to one host that takes 2.2 s."
    assert steps[3] == (
        "1 of 4 hosts can be spared at the peak: maxEjectionPercent 25, minHealthPercent 75."
    )
    assert steps[4] == "baseEjectionTime 30 s: the shortest that avoids nearly all that any would."
    calm = lines(evidence=outlier_evidence(episodes=None)).steps
    assert calm[-1].endswith("Istio's default, as no host was seen to fail.")


@pytest.mark.parametrize(
    ("interval", "verdict", "held"),
    [
        ((0.0, 0.03), "within the 0.3 that are accepted in that time.", True),
        ((0.2, 0.5), "within noise of the 0.3 that are accepted in that time.", True),
        ((0.4, 0.9), "more than the 0.3 that are accepted in that time.", False),
    ],
)
def test_the_backtest_is_judged_by_the_healthy_hosts_it_would_have_ejected(interval, verdict, held):
    found = lines(backtest=outlier_backtest(false_ejections_interval=interval))
    assert verdict in found.backtest
    assert found.held is held
    assert found.backtest.endswith("that failed then it would have avoided 97 %.")


def test_a_quiet_rest_of_the_window_is_said():
    quiet = lines(backtest=outlier_backtest(errors_avoided_fraction=None)).backtest
    assert quiet.endswith("No host failed alone then.")
    assert lines(backtest=None).backtest.startswith("No backtest")
