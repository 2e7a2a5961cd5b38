import io

import pytest
from reports import advice, recommendation, target, week, withheld
from rich.console import Console

from observe.errors import InputError
from observe.recommend.policy import Policy, TimeoutPolicy
from observe.report.explain import explain_png, explain_text, find_target
from observe.signals.latency import latency_by_target

POLICY = Policy(timeout=TimeoutPolicy(headroom=0.1))


def shown(item, latency=None, width=100):
    out = io.StringIO()
    Console(file=out, width=width).print(explain_text(item, POLICY, latency))
    return out.getvalue()


@pytest.mark.parametrize(
    "query",
    [
        "cart",
        "shop/cart",
        "east/shop/cart",
        "timeout/east/shop/cart",
        "cart.shop.svc.cluster.local",
    ],
)
def test_a_target_is_found_by_any_of_its_names(query):
    made = advice(recommendation(), recommendation("search"), withheld=(withheld(),))
    assert find_target(made, query) is made.recommendations[0]
    assert find_target(made, "ledger") is made.withheld[0]


def test_a_name_that_several_targets_share_is_asked_about():
    west = recommendation(target=target(cluster="west"))
    with pytest.raises(InputError, match="say which: east/shop/cart, west/shop/cart"):
        find_target(advice(recommendation(), west), "cart")


def test_a_misspelt_name_is_guessed():
    with pytest.raises(InputError, match=r"no target is called 'crat'\. did you mean cart"):
        find_target(advice(recommendation()), "crat")
    with pytest.raises(InputError, match="see the report"):
        find_target(advice(), "")


def test_the_explanation_shows_inputs_formula_and_reasons():
    latency = latency_by_target(week())["east/shop/cart"]
    text = shown(recommendation(), latency)
    for words in (
        "cart (shop, cluster east): set a timeout of 850 ms; cuts 0.05 % of requests, 88 a day",
        "640 ms (588 ms to 731 ms, 90 % interval)",
        "3. 10 % of room on top of the upper end: 804 ms.",
        "it would have cut 0.06 %",
        "(TIMEOUT_NONE_SET)",
    ):
        assert words in " ".join(text.split())


def test_the_buckets_count_the_hours_that_decided():
    latency = latency_by_target(week())["east/shop/cart"]
    rows = [line.split() for line in shown(recommendation(), latency).splitlines()]
    assert ["10", "ms", "1,700", "90", "%", "████████████████████████"] in rows
    assert ["10", "s", "68", "0.1", "%", "████████████"] in rows
    assert ["no", "end", "17", "0", "%"] in rows


def test_a_withheld_target_is_explained_too():
    text = shown(withheld())
    assert "withheld: too few requests to see the tail (TOO_FEW_REQUESTS)" in text
    assert "Timeout now: not known" in text
    assert "Use a longer window" in text


def test_markup_in_a_label_is_no_markup_of_the_terminal():
    text = shown(recommendation("[bold red]x[/]\x1b[2J"), width=200)
    assert "[bold red]x[/]" in text
    assert "\x1b" not in text


def test_the_picture_is_a_png_of_a_size_to_read():
    latency = latency_by_target(week())["east/shop/cart"]
    hostile = recommendation(target=target("$\\frac$"))
    data = explain_png(hostile, latency)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 1650
    assert data == explain_png(hostile, latency)
