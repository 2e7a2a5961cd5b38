from reports import advice, backtest, recommendation, withheld
from reports_kinds import outlier, pool, retry

from observe.recommend.policy import Policy
from observe.report.headline import headline_text, sureness_text
from observe.report.parts import entries_of
from observe.report.words import names_text


def test_the_headline_counts_changes_of_all_kinds_settings_that_fit_and_what_is_withheld():
    fits = recommendation("search", severity="ok", current={"timeout": "900ms"})
    made = advice(recommendation(), pool(), outlier(), retry(), fits, withheld=(withheld(),))
    assert headline_text(made) == (
        "3 changes are worth making (1 critical), 1 more would help; 1 setting fits; "
        "1 setting withheld, each with a reason."
    )


def test_a_headline_without_urgent_changes_says_that_there_is_no_haste():
    assert headline_text(advice(retry())) == "No change is urgent, 1 change would help."


def test_the_headline_of_nothing_says_so():
    assert headline_text(advice()).startswith("No service was found")
    assert headline_text(advice(withheld=(withheld(),))).startswith("No change is worth making;")


def test_sureness_counts_grades_and_backtests_that_held_over_all_kinds():
    over = backtest(fraction_cut_interval=(0.002, 0.004))
    made = advice(
        recommendation("a"),
        recommendation("b", confidence="low", backtest=over),
        recommendation("c", confidence="low", backtest=None),
        pool("d"),
        retry("e", severity="ok"),
    )
    assert sureness_text(entries_of(made, Policy())) == (
        "Of 4 changes: 1 with high confidence, 1 with medium confidence, 2 with low confidence. "
        "Checked on data they did not see: 2 of 3 would have kept within what the policy accepts."
    )
    assert sureness_text(()) == ""


def test_names_tell_the_setting_and_are_cut_off_with_a_count():
    items = [recommendation("s0"), retry("s1"), pool("s2"), outlier("s3")]
    assert names_text(items, most=2) == (
        "timeout of s0 (shop, cluster east), retries of s1 (shop, cluster east) and 2 more"
    )
