"""Each rule of the timeout recommender on a snapshot whose numbers are known."""

from dataclasses import dataclass

import pytest
from handmade import Call, snapshot

from observe.durations import parse_ms
from observe.recommend.engine import recommend
from observe.recommend.policy import Policy, TimeoutPolicy


@dataclass(frozen=True)
class Set:
    """Timeouts that are set, by service."""

    timeouts: dict[str, tuple[float | None, ...]]
    source: str = "vs.yaml:1"

    def timeout_for(self, service: str, cluster: str | None = None):
        routes = self.timeouts.get(service.split(".")[0])
        return None if routes is None else Routes(routes, self.source)

    def retries_for(self, service: str, cluster: str | None = None):
        return ()

    def traffic_policy_for(self, service: str, cluster: str | None = None):
        return None


@dataclass(frozen=True)
class Routes:
    route_timeouts_ms: tuple[float | None, ...]
    source: str


# 1,000 requests an hour: 900 within 10 ms, 99 within 100 ms, and one in 10,000 above 1 s
GOOD = (900.0, 99.0, 0.9, 0.1, 0.0)


def advice(calls, current=None, policy=None, **kwargs):
    return recommend(snapshot(calls, **kwargs), policy, Set(current) if current else None)


def only(found):
    assert len(found.timeouts) == 1, found.withheld
    return found.timeouts[0]


def timeout_ms(recommendation):
    return parse_ms(recommendation.proposed["timeout"])


def reason_of(found, service="cart"):
    (withheld,) = [w for w in found.withheld_of("timeout") if w.target.path.endswith("/" + service)]
    return withheld.reason


def test_a_quantile_that_falls_on_a_bucket_boundary_is_that_boundary():
    evidence = only(advice([Call(buckets=GOOD)])).evidence
    assert evidence.requests == 168_000
    assert evidence.quantile == 0.999
    assert evidence.estimate_ms == pytest.approx(100.0, rel=1e-6)
    assert evidence.low_ms < 100.0 < evidence.high_ms


def test_the_timeout_is_the_upper_bound_plus_headroom_rounded_up():
    found = only(advice([Call(buckets=GOOD)], policy=Policy(timeout=TimeoutPolicy(headroom=0.5))))
    wanted = found.evidence.high_ms * 1.5
    assert wanted <= timeout_ms(found) <= wanted * 1.06


def test_a_service_without_requests_enough_is_withheld_with_both_numbers():
    found = advice([Call(buckets=(4.0, 1.0, 0, 0, 0))])
    assert reason_of(found) == "TOO_FEW_REQUESTS"
    assert found.withheld_of("timeout")[0].message.startswith(
        "840 requests in 7 days; 3,000 are needed"
    )


def test_a_timeout_that_cuts_more_than_the_budget_hides_the_tail():
    cut = Call(buckets=(0, 0, 20.0, 0, 0), code="504", flags="UT")
    found = advice([Call(buckets=(900.0, 99.0, 1.0, 0, 0)), cut], current={"cart": (1000.0,)})
    assert reason_of(found) == "CENSORED_TAIL"
    assert "1.96% of the requests were cut" in found.withheld_of("timeout")[0].message
    assert found.withheld_of("timeout")[0].current == {"timeout": "1s", "source": "vs.yaml:1"}


def test_a_few_requests_that_were_cut_do_not_hide_the_tail():
    cut = Call(buckets=(0, 0, 0.2, 0, 0), code="504", flags="UT")
    found = only(advice([Call(buckets=GOOD), cut]))
    assert found.evidence.censored_fraction == pytest.approx(0.2 / 1000.2, rel=1e-3)
    assert found.reasons[0] == "TIMEOUT_UNKNOWN"


def test_clients_that_hang_up_do_not_move_the_timeout_but_lower_the_confidence():
    gone = Call(buckets=(0, 0, 0, 5.0, 0), code="0", flags="DC")
    quiet, left = only(advice([Call(buckets=GOOD)])), only(advice([Call(buckets=GOOD), gone]))
    assert left.proposed == quiet.proposed
    assert "CLIENTS_HANG_UP" in left.reasons
    assert left.confidence != "high"


def test_a_grpc_stream_is_left_alone():
    stream = Call(buckets=GOOD, grpc_status="0", protocol="grpc", messages=(168_000, 5e6))
    assert reason_of(advice([stream])) == "STREAM"


def test_a_unary_grpc_call_gets_a_timeout():
    unary = Call(buckets=GOOD, grpc_status="0", protocol="grpc", messages=(168_000, 168_000))
    assert only(advice([unary], current={"other": (1.0,)})).reasons[0] == "TIMEOUT_NONE_SET"
    assert only(advice([unary])).reasons[0] == "TIMEOUT_UNKNOWN"


def test_a_gateway_among_the_callers_is_named():
    found = only(advice([Call("istio-ingressgateway", buckets=GOOD)]))
    assert "GATEWAY_CALLS" in found.reasons
    assert "GATEWAY_CALLS" not in only(advice([Call(buckets=GOOD)])).reasons


def test_a_websocket_is_left_alone():
    socket = Call(buckets=(0, 0, 0, 0, 30), code="101")
    assert reason_of(advice([Call(buckets=GOOD), socket])) == "STREAM"


def test_a_long_poll_is_left_alone():
    assert reason_of(advice([Call(buckets=(950, 10, 2, 1, 60))])) == "LONG_POLL"


def test_an_event_stream_that_clients_leave_is_left_alone():
    gone = Call(buckets=(0, 0, 0, 0, 80), code="200", flags="DC")
    assert reason_of(advice([Call(buckets=GOOD), gone])) == "STREAM"


def test_a_server_whose_clients_do_not_report_is_withheld():
    server = Call(buckets=GOOD, reporter="destination")
    assert reason_of(advice([server])) == "SOURCE_WITHOUT_METRICS"


def test_a_host_that_the_mesh_does_not_know_is_withheld():
    found = advice([Call(service="api.example.com", buckets=GOOD, registered=False)])
    assert found.withheld_of("timeout")[0].reason == "NOT_A_SERVICE"


def test_a_service_that_mostly_fails_is_withheld():
    found = advice([Call(buckets=(400, 0, 0, 0, 0)), Call(buckets=(600, 0, 0, 0, 0), code="503")])
    assert reason_of(found) == "MOSTLY_FAILING"


def test_a_tail_beyond_the_last_bucket_is_withheld():
    slow = Call(buckets=(900, 90, 5, 2, 3))
    policy = Policy(timeout=TimeoutPolicy(long_poll_ms=1e6))
    assert reason_of(advice([slow], policy=policy)) == "TAIL_BEYOND_BUCKETS"


@pytest.mark.parametrize(
    ("factor", "reason", "severity"),
    [
        (0.2, "TIMEOUT_TOO_TIGHT", "critical"),
        (1.0, "TIMEOUT_FITS", "ok"),
        (1.8, "TIMEOUT_FITS", "ok"),
        (4.0, "TIMEOUT_TOO_LOOSE", "info"),
    ],
)
def test_what_is_set_is_judged_against_what_is_needed(factor, reason, severity):
    needed = timeout_ms(only(advice([Call(buckets=GOOD)])))
    found = only(advice([Call(buckets=GOOD)], current={"cart": (round(needed * factor),)}))
    assert (found.reasons[0], found.severity) == (reason, severity)


def test_the_shortest_of_several_routes_is_judged_and_all_are_shown():
    found = only(advice([Call(buckets=GOOD)], current={"cart": (None, 90_000.0, 60_000.0)}))
    assert found.current == {
        "timeout": "60s",
        "source": "vs.yaml:1",
        "routeTimeouts": [None, "90s", "60s"],
    }
    assert "SEVERAL_ROUTES" in found.reasons


def test_a_caller_that_is_surely_slower_decides():
    calls = [Call("web", buckets=GOOD), Call("batch", buckets=(2, 10, 7.4, 0.6, 0))]
    alone = timeout_ms(only(advice(calls[:1])))
    both = only(advice(calls))
    assert "CALLER_SLOWER" in both.reasons
    assert timeout_ms(both) > 2 * alone
    assert {c.workload for c in both.evidence.callers} == {"web", "batch"}


def test_a_tight_spread_is_padded_to_a_multiple_of_the_median():
    policy = Policy(timeout=TimeoutPolicy(narrow_spread=200.0))
    found = only(advice([Call(buckets=GOOD)], policy=policy))
    assert "NARROW_SPREAD_PADDED" in found.reasons
    assert timeout_ms(found) >= 200 * found.evidence.median_ms


def test_a_minimum_is_kept():
    found = only(
        advice([Call(buckets=GOOD)], policy=Policy(timeout=TimeoutPolicy(minimum_ms=5000)))
    )
    assert found.proposed == {"timeout": "5s"}
    assert "MINIMUM_APPLIED" in found.reasons


def test_an_incident_is_left_out_and_its_span_is_told():
    slow = Call(buckets=(500, 100, 100, 300, 0), hours=range(50, 52))
    normal = Call(buckets=GOOD, hours=[h for h in range(168) if h not in (50, 51)])
    quiet = only(advice([Call(buckets=GOOD)]))
    found = only(advice([normal, slow]))
    assert "INCIDENT_EXCLUDED" in found.reasons
    ((start, end),) = found.evidence.excluded
    assert (start.isoformat(), (end - start).total_seconds()) == (
        "2026-03-04T02:00:00+00:00",
        7200,
    )
    assert timeout_ms(found) == pytest.approx(timeout_ms(quiet), rel=0.1)


def test_a_caller_waits_as_long_as_its_callee_may_take():
    calls = [
        Call("web", "cart", GOOD),
        Call("cart", "stock", (10, 100, 88, 2, 0)),
    ]
    found = {r.target.path: r for r in advice(calls).timeouts}
    cart, stock = found["east/shop/cart"], found["east/shop/stock"]
    assert timeout_ms(stock) == 10_500
    assert timeout_ms(cart) == 10_600  # and its own work, up to the third digit
    assert "CALLER_RAISED_TO_CALLEE" in cart.reasons


def test_coverage_below_the_policy_lowers_the_confidence():
    full, holes = (only(advice([Call(buckets=GOOD)], coverage=c)) for c in (1.0, 0.7))
    assert "LOW_COVERAGE" in holes.reasons and "LOW_COVERAGE" not in full.reasons
    assert holes.confidence != "high"


def test_a_short_window_is_no_ground_for_high_confidence():
    found = only(advice([Call(buckets=tuple(100 * n for n in GOOD))], hours=24))
    assert "SHORT_WINDOW" in found.reasons
    assert found.confidence == "low"


def test_the_backtest_learns_from_the_first_part_only():
    early = Call(buckets=GOOD, hours=range(0, 118))
    late = Call(buckets=(500, 300, 190, 10.0, 0), hours=range(118, 168))
    found = only(advice([early, late]))
    assert found.backtest is not None
    assert parse_ms(found.backtest.timeout) < timeout_ms(found)
    assert found.backtest.fraction_cut > 0.01
    assert "BACKTEST_OVER_BUDGET" in found.reasons
    assert found.confidence == "low"


def test_the_predicted_cut_is_within_its_interval_and_the_budget():
    found = only(advice([Call(buckets=GOOD)]))
    low, high = found.predicted_interval["fractionCut"]
    assert low <= found.predicted.fraction_cut <= high
    assert found.predicted.fraction_cut <= 0.001
    per_day = found.predicted.fraction_cut * 24_000
    assert found.predicted.requests_cut_per_day == pytest.approx(per_day, abs=0.01)


def test_the_same_snapshot_gives_the_same_bytes():
    calls = [Call("web", buckets=GOOD), Call("batch", "stock", GOOD)]
    first, second = (advice(calls).model_dump_json(by_alias=True) for _ in range(2))
    assert first == second
    assert '"schemaVersion":"observe/v1"' in first


def test_an_empty_mesh_gives_an_empty_document():
    found = advice([])
    assert (found.recommendations, found.withheld) == ((), ())
