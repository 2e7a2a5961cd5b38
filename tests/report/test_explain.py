import io

from reports import advice, recommendation, week, withheld
from reports_kinds import outlier, pool, retry
from rich.console import Console

from observe.recommend.model import PlanChange, WorstPath
from observe.recommend.policy import Policy, TimeoutPolicy
from observe.report.explain import explain_kinds, explain_one
from observe.report.others import Other
from observe.signals.latency import latency_by_target

POLICY = Policy(timeout=TimeoutPolicy(headroom=0.1))
CHANGE = PlanChange(
    id="retry/east/shop/cart",
    field="attempts",
    before="2",
    after="1",
    reason="TOO_MANY_TRIES_ON_PATH",
    message="9 tries along web -> cart",
)
WORST = WorstPath(
    targets=("east/shop/web", "east/shop/cart"), tries=(2.0, 2.0), product=4.0, most=4.0
)


def printed(renderable, width=100):
    out = io.StringIO()
    Console(file=out, width=width).print(renderable)
    return out.getvalue()


def one(item, *, latency=None, others=(), width=100, **changes):
    return printed(explain_one(item, advice(**changes), POLICY, latency, others), width)


def in_one_line(text):
    return " ".join(text.split())


def test_all_kinds_are_told_in_short_sections():
    items = (recommendation(), retry(), withheld("cart", kind="connectionPool"), outlier())
    text = printed(explain_kinds(items, advice(*items[:2], items[3], plan=(CHANGE,)), POLICY))
    assert text.startswith("cart (shop, cluster east)\n")
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert headings[1:] == [
        "Timeout: set a timeout of 850 ms",
        "Retries: set 1 retry within a budget instead of Istio's default of 2",
        "Connection pool: withheld",
        "Outlier detection: eject a host after 4 errors in a row, 25 % of the hosts at the most",
        "Evidence and formula: observe explain east/shop/cart --kind timeout",
    ]
    flat = in_one_line(text)
    for words in (
        "warning, high confidence; cuts 0.05 % of requests, 88 a day",
        "Plan: attempts 2 → 1: 9 tries along web -> cart (TOO_MANY_TRIES_ON_PATH)",
        "Too few requests to tell (TOO_FEW_REQUESTS). Now: not known.",
        "Checked: Learned on the first 4.9 days, 4 errors in a row would have been advised",
        "Why: no outlier detection is set: a host that fails keeps its share of the requests; a "
        "host failed while the others did not, which is what ejection is for.",
    ):
        assert words in flat
    assert flat.count("Plan:") == 1


def test_the_explanation_of_a_timeout_shows_inputs_formula_and_reasons():
    latency = latency_by_target(week())["east/shop/cart"]
    text = in_one_line(one(recommendation(), latency=latency))
    for words in (
        "cart (shop, cluster east): set a timeout of 850 ms; cuts 0.05 % of requests, 88 a day",
        "Now: none. Proposed: 850 ms.",
        "640 ms (588 ms to 731 ms, 90 % interval)",
        "3. 10 % of room on top of the upper end: 804 ms.",
        "Requests cut 0.05 % (0.03 % to 0.08 %)",
        "it would have cut 0.06 %",
        "(TIMEOUT_NONE_SET)",
    ):
        assert words in text


def test_every_kind_has_the_same_parts_in_the_same_order():
    parts = (
        "Evidence",
        "How the number came about",
        "What it would have done to this window",
        "Checked on data it did not see",
    )
    for item in (recommendation(), retry(), pool(), outlier()):
        lines = one(item).splitlines()
        assert [line for line in lines if line in parts] == list(parts)
        assert any(line.startswith(f"Why ({item.severity}, {item.confidence}") for line in lines)


def test_the_formula_of_retries_pools_and_ejections_carries_their_numbers():
    flat = {item.kind: in_one_line(one(item)) for item in (retry(), pool(), outlier())}
    assert "f = 0.4 %; after a failure the next one fails with q = 0.5 %" in flat["retry"]
    assert "1.5 × 176 = 264" in flat["connectionPool"]
    assert "below 1 a week: 4, with 0.04." in flat["outlierDetection"]


def test_other_numbers_stand_beside_the_proposal():
    others = (
        Other("no retries", "0.5 % fail", "leaves 0.4 %"),
        Other("1 retry (proposed)", "0.1 % fail", ""),
    )
    lines = one(retry(), others=others).splitlines()
    start = lines.index("Why not another number")
    assert [line.split("  ")[0] for line in lines[start + 1 : start + 4]] == [
        "setting",
        "no retries",
        "1 retry (proposed)",
    ]
    assert "Why not another number" not in one(retry())


def test_what_the_plan_changed_and_the_worst_path_are_told_of_retries():
    text = in_one_line(one(retry(), plan=(CHANGE,), worst_path=WORST))
    assert "attempts 2 → 1: 9 tries along web -> cart (TOO_MANY_TRIES_ON_PATH)" in text
    assert "east/shop/web (2) → east/shop/cart (2)" in text
    assert "worst" not in one(pool(), plan=(CHANGE,), worst_path=WORST)
    elsewhere = WORST.model_copy(update={"targets": ("east/shop/a", "east/shop/b")})
    assert "the plan" not in one(retry(), worst_path=elsewhere)


def test_the_buckets_count_the_hours_that_decided():
    latency = latency_by_target(week())["east/shop/cart"]
    rows = [line.split() for line in one(recommendation(), latency=latency).splitlines()]
    assert ["10", "ms", "1,700", "90", "%", "████████████████████████"] in rows
    assert ["10", "s", "68", "0.1", "%", "████████████"] in rows
    assert ["no", "end", "17", "0", "%"] in rows


def test_a_withheld_target_is_explained_too():
    text = in_one_line(one(withheld()))
    assert text == (
        "ledger (shop, cluster east): timeout withheld Too few requests to tell "
        "(TOO_FEW_REQUESTS). Now: not known. 812 requests in 7 days; 3,000 are needed to judge a "
        "p99.9 Use a longer window, or choose this setting by hand."
    )


def test_markup_in_a_label_is_no_markup_of_the_terminal():
    hostile = "[bold red]x[/]\x1b[2J"
    text = one(recommendation(hostile), width=200)
    assert "[bold red]x[/]" in text
    assert "\x1b" not in text
    items = (recommendation(hostile), retry(hostile, message="\x1b[31mred"))
    assert "\x1b" not in printed(explain_kinds(items, advice(*items), POLICY))
