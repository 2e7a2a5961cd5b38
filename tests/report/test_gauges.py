import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import advice, recommendation, target, week
from reports_kinds import outlier, pool, retry

from observe.bootstrap.binaries import find_binary
from observe.errors import InputError
from observe.report.gauges import recommendations_prom

CART = 'cluster="east",namespace="shop",service="cart.shop.svc.cluster.local"'
TELEMETRY = week()


def samples(text):
    """Series → value, in the order of the page."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {series: float(value) for series, _, value in (s.rpartition(" ") for s in lines)}


def of_cart(metric, kind, **settings):
    return {f'{metric}{{{CART},kind="{kind}",setting="{s}"}}': v for s, v in settings.items()}


def page(*recommendations, **changes):
    return recommendations_prom(advice(*recommendations, telemetry=TELEMETRY, **changes))


def test_every_number_that_is_proposed_is_a_gauge():
    found = samples(page(recommendation(), retry(), pool(), outlier()))
    proposed = {s: v for s, v in found.items() if s.startswith("observe_recommendation{")}
    name = "observe_recommendation"
    budget = {"retryBudget.percent": 20.0, "retryBudget.minRetryConcurrency": 3.0}
    limits = ("maxConnections", "http2MaxRequests", "http1MaxPendingRequests")
    ejection = {
        "consecutive5xxErrors": 4.0,
        "interval": 10.0,
        "baseEjectionTime": 30.0,
        "maxEjectionPercent": 25.0,
        "minHealthPercent": 75.0,
    }
    assert proposed == {
        **of_cart(name, "timeout", timeout=0.85),
        **of_cart(name, "retry", attempts=1.0, backoff=0.025, **budget),
        **of_cart(name, "connectionPool", **dict.fromkeys(limits, 270.0)),
        **of_cart(name, "outlierDetection", **ejection),
    }


def test_what_is_set_today_has_a_gauge_where_it_is_known():
    set_today = outlier(current={"outlierDetection": {"interval": "5m"}, "source": "a.yaml:1"})
    unknown = recommendation(current=None)
    found = samples(page(unknown, retry(), pool(), set_today))
    current = {s: v for s, v in found.items() if s.startswith("observe_recommendation_current")}
    assert current == {
        **of_cart("observe_recommendation_current", "connectionPool", http2MaxRequests=20.0),
        **of_cart("observe_recommendation_current", "outlierDetection", interval=300.0),
    }


def test_severities_count_up_from_ok():
    found = samples(page(recommendation(severity="ok"), retry(), outlier(), pool()))
    levels = {s: v for s, v in found.items() if s.startswith("observe_recommendation_severity")}
    assert levels == {
        f'observe_recommendation_severity{{{CART},kind="{kind}"}}': level
        for kind, level in (
            ("timeout", 0.0),
            ("retry", 1.0),
            ("outlierDetection", 2.0),
            ("connectionPool", 3.0),
        )
    }


def test_without_advice_the_page_still_says_when_it_was_made():
    made = TELEMETRY.manifest.created_at.timestamp()
    text = page()
    assert samples(text) == {"observe_report_generated_timestamp_seconds{}": made}
    assert text.count("# TYPE") == 1


def test_the_same_advice_gives_the_same_page_whatever_its_order():
    assert page(pool(), retry(), outlier()) == page(outlier(), pool(), retry())


def test_a_nested_pool_is_told_apart_from_the_one_around_it():
    nested = pool(
        proposed={"http2MaxRequests": 270, "inboundConnectionPool": {"maxConnections": 9}}
    )
    found = samples(page(nested))
    inbound = of_cart(
        "observe_recommendation", "connectionPool", **{"inboundConnectionPool.maxConnections": 9.0}
    )
    assert inbound.items() <= found.items()


@given(st.text(max_size=12))
def test_no_label_breaks_out_of_its_quotes(name):
    hostile = target(name, cluster=name or None)
    text = page(recommendation(target=hostile))
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert len(lines) == 3
    assert [line.split("{")[0] for line in lines] == [
        "observe_recommendation",
        "observe_recommendation_severity",
        "observe_report_generated_timestamp_seconds",
    ]


@pytest.mark.integration
def test_promtool_finds_nothing_to_say():
    try:
        promtool = find_binary("promtool")
    except InputError as error:
        pytest.skip(str(error))
    hostile = target('a"b\\c\nd{}', cluster="\u202e#")
    text = page(recommendation(target=hostile), retry(), pool(), outlier())
    run = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
