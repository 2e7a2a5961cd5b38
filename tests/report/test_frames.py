from reports import advice, recommendation, withheld
from reports_kinds import outlier, pool, retry

from observe.recommend.policy import Policy
from observe.report.frames import COLUMNS, WITHHELD, advice_frame, withheld_frame

MADE = advice(pool(), recommendation(), outlier(), retry())
POLICY = Policy()


def only(kind, made=MADE):
    frame = advice_frame(made, POLICY, kind)
    assert len(frame) == 1
    return frame.iloc[0]


def test_every_kind_is_a_row_in_the_order_of_the_advice():
    frame = advice_frame(MADE, POLICY)
    assert list(frame.columns) == list(COLUMNS)
    assert list(zip(frame["kind"], frame["from"], frame["to"], strict=True)) == [
        ("connectionPool", "20 requests", "270 requests"),
        ("timeout", "none", "850 ms"),
        ("outlierDetection", "none", "4 errors in a row, 25 %"),
        ("retry", "2 retries (default)", "1 retry, budget 20 %"),
    ]
    assert set(frame["service"]) == {"cart.shop.svc.cluster.local"}


def test_settings_are_numbers_with_their_units():
    assert only("timeout")["proposed_timeout_ms"] == 850
    one = only("retry")
    assert (one["proposed_backoff_ms"], one["proposed_retry_budget_percent"]) == (25, 20.0)
    assert only("connectionPool")["current_http2_max_requests"] == 20
    one = only("outlierDetection")
    assert one["proposed_consecutive_5xx_errors"] == 4
    assert one["proposed_base_ejection_time_ms"] == 30_000


def test_what_is_set_under_outlier_detection_is_flat_too():
    made = advice(outlier(current={"outlierDetection": {"interval": "5m"}, "source": "a:1"}))
    one = only("outlierDetection", made)
    assert (one["current_interval_ms"], one["current_source"]) == (300_000, "a:1")


def test_evidence_prediction_and_backtest_stand_beside_them():
    one = only("timeout")
    assert (one["estimate_ms"], one["coverage_fraction"]) == (640.0, 0.998)
    assert (one["predicted_fraction_cut_low"], one["predicted_fraction_cut_high"]) == (3e-4, 8e-4)
    assert one["backtest_timeout_ms"] == 900
    assert one["backtest_fraction_cut_high"] == 0.0009
    one = only("retry")
    assert one["curable_low_fraction"] == 0.0038
    assert one["predicted_added_load_worst_hour_fraction_high"] == 0.014
    assert only("connectionPool")["under_way_client_requests"] == 168.0
    assert only("outlierDetection")["requests_per_second_per_host_per_proxy"] == 1.8


def test_every_number_has_a_unit_or_what_it_counts_in_its_name():
    units = ("ms", "seconds", "fraction", "percent", "ratio", "factor", "second", "correlation")
    things = ("requests", "connections", "hosts", "servers", "proxies", "steps", "attempts")
    others = ("errors", "failures", "ejections", "concurrency", "limit", "tries")
    for kind in ("timeout", "retry", "connectionPool", "outlierDetection"):
        numbers = advice_frame(MADE, POLICY, kind).select_dtypes("number")
        assert len(numbers.columns) > 15
        for name in numbers.columns:
            assert set(name.split("_")) & {*units, *things, *others}, name


def test_without_advice_the_columns_are_there_all_the_same():
    empty = advice_frame(advice(), POLICY, "retry")
    assert (list(empty.columns), len(empty)) == (list(COLUMNS), 0)
    assert list(withheld_frame(advice()).columns) == list(WITHHELD)


def test_what_is_withheld_tells_its_reason_kind_by_kind():
    kept = (withheld("a", kind="retry", reason="NOTHING_TO_CURE"), withheld("b"))
    frame = withheld_frame(advice(withheld=kept))
    assert list(zip(frame["kind"], frame["reason"], strict=True)) == [
        ("timeout", "TOO_FEW_REQUESTS"),
        ("retry", "NOTHING_TO_CURE"),
    ]
    assert list(withheld_frame(advice(withheld=kept), "retry")["from"]) == ["not known"]
