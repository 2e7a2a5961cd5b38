from datetime import UTC, datetime, timedelta

from observe.recommend.model import Advice, PlanChange, Target, Withheld
from observe.recommend.pool_model import PoolEvidence, PoolPredicted, PoolRecommendation
from observe.telemetry.manifest import Source, Window

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def pool(name="cart", severity="info"):
    target = Target(cluster="east", namespace="shop", service=f"{name}.shop.svc.cluster.local")
    return PoolRecommendation(
        id=f"connectionPool/east/shop/{name}",
        target=target,
        current=None,
        proposed={"http2MaxRequests": 8},
        confidence="high",
        severity=severity,
        reasons=("POOL_UNKNOWN",),
        message=f"8 are <enough> for {name}",
        evidence=PoolEvidence(
            requests=9_000.0,
            protocol="unknown",
            method="littles-law",
            concurrency_client=3.0,
            client_low=3.0,
            client_high=3.0,
            concurrency_server=None,
            overflows=0.0,
            coverage=1.0,
        ),
        predicted=PoolPredicted(concurrency_p999_per_proxy=3.0, fraction_shed=0.0),
    )


def advice(*recommendations, **changes):
    window = Window(
        start=MONDAY,
        end=MONDAY + timedelta(days=7),
        step_seconds=300,
        coarse_step_seconds=3_600,
    )
    values = {
        "generated_at": MONDAY,
        "window": window,
        "source": Source(kind="prometheus", url="http://prometheus.example", coverage=1.0),
        "recommendations": recommendations,
    }
    return Advice(**(values | changes))


def test_advice_tells_its_window_and_its_counts_in_a_line():
    kept = Withheld(kind="retry", target=pool().target, reason="NOTHING_TO_CURE", message="none")
    change = PlanChange(id="a", field="b", before="1", after="2", reason="R", message="m")
    made = advice(pool(), pool("ads", "critical"), pool("web"), withheld=(kept,), plan=(change,))
    assert repr(made) == (
        "<Advice 2026-11-16 00:00 to 2026-11-23 00:00 UTC: 3 recommendations (1 critical, 2 info; "
        "3 connectionPool), 1 withheld, 1 changed by the plan>"
    )
    assert str(made) == repr(made)


def test_empty_advice_has_no_brackets():
    assert repr(advice()).endswith("UTC: 0 recommendations, 0 withheld, 0 changed by the plan>")


def test_a_recommendation_tells_its_id():
    assert repr(pool()) == (
        "<PoolRecommendation 'connectionPool/east/shop/cart': info, high confidence>"
    )


def test_a_notebook_shows_a_table_that_labels_cannot_break():
    page = advice(pool("<b>"))._repr_html_()
    assert "<td>connectionPool/east/shop/&lt;b&gt;</td>" in page
    assert "8 are &lt;enough&gt; for &lt;b&gt;" in page
    assert page.count("<tr>") == 2
    assert "more" not in page


def test_a_long_table_is_cut_and_says_so():
    page = advice(*(pool(f"s{i}") for i in range(23)))._repr_html_()
    assert page.count("<tr>") == 21
    assert page.endswith("<p>3 more</p>")
