"""Numbers that suit all requests together and must not be called sure."""

import numpy as np
import pytest
from handmade import Call, snapshot
from test_timeouts import GOOD, Set, advice, only, reason_of, timeout_ms

from observe.recommend.engine import recommend
from observe.recommend.timeout_tail import finished
from observe.signals.latency import latency_by_target

MANY = tuple(100 * n for n in GOOD)
SLOW = (0, 0, 50_000.0, 50_000.0, 0)


def test_everything_in_the_first_bucket_gives_the_minimum_and_no_crash():
    found = only(advice([Call(buckets=(1000.0, 0, 0, 0, 0))]))
    assert found.proposed == {"timeout": "11ms"}
    assert found.evidence.low_ms == 0.0
    assert "WIDE_INTERVAL" in found.reasons
    assert found.confidence == "low"


def test_layouts_without_a_common_bound_are_withheld_and_say_why():
    shot = snapshot([Call(buckets=(0, 0, 0, 0, 1000.0))])
    shot.latency["gt"] = 0.0
    (withheld,) = recommend(shot).withheld_of("timeout")
    assert withheld.reason == "TAIL_BEYOND_BUCKETS"
    assert "no bound in common" in withheld.message


def test_a_service_seen_for_a_day_is_not_sure_in_a_window_of_a_week():
    young = Call(buckets=MANY, hours=range(144, 168))
    found = only(advice([young]))
    assert "SHORT_WINDOW" in found.reasons
    assert found.confidence == "low"


def test_a_nightly_job_with_few_requests_that_would_be_cut_is_named():
    job = Call("job", buckets=(0, 0, 2.0, 8.0, 0), hours=range(2, 168, 24))
    many = Call("web", buckets=MANY)
    found = only(advice([many, job]))
    assert "CALLER_CUT" in found.reasons
    assert found.confidence == "low"
    first = found.evidence.callers[0]
    assert (first.workload, first.requests) == ("job", 70.0)
    assert first.fraction_cut > 0.75
    assert found.predicted.fraction_cut < 0.001


def test_a_caller_that_loses_no_more_than_others_is_not_named():
    assert "CALLER_CUT" not in only(advice([Call(buckets=GOOD), Call("job", buckets=GOOD)])).reasons


def test_a_single_caller_is_judged_by_the_cut_that_all_together_show():
    calls = [
        Call(buckets=(0, 500.0, 480.0, 10.0, 0)),
        Call(buckets=(0, 0, 0, 10.0, 0), code="504", flags="UT"),
    ]
    latency = latency_by_target(snapshot(calls))["east/shop/cart"]
    steps = np.ones(168, dtype=bool)
    one, together = finished(latency, steps, caller=0), finished(latency, steps)
    assert one.survival.counts == pytest.approx(together.survival.counts)
    assert together.survival.counts[4] > 0


def test_hours_left_out_that_the_timeout_would_have_cut_lower_the_confidence():
    normal = Call(buckets=MANY, hours=[h for h in range(168) if h not in (50, 51)])
    errors = Call(buckets=(30_000.0, 0, 0, 0, 0), code="503", flags="UF", hours=(50, 51))
    slow = only(advice([normal, Call(buckets=SLOW, hours=(50, 51))]))
    failed = only(advice([Call(buckets=MANY), errors]))
    assert slow.confidence == "medium" and slow.reasons.count("INCIDENT_EXCLUDED") == 1
    assert failed.confidence == "high" and "INCIDENT_EXCLUDED" in failed.reasons


def test_a_number_that_one_busy_day_made_is_not_sure():
    peak = Call(buckets=tuple(3 * n for n in SLOW), hours=range(60, 63))
    normal = Call(buckets=MANY, hours=[h for h in range(168) if h not in range(60, 63)])
    found = only(advice([normal, peak]))
    assert timeout_ms(found) > 5_000
    assert "BURSTY_TAIL" in found.reasons and found.confidence == "medium"


def test_an_event_stream_that_few_clients_hold_is_left_alone():
    held = Call(buckets=(0, 0, 0, 0, 5.0), code="200", flags="DC")
    assert reason_of(advice([Call(buckets=GOOD), held])) == "STREAM"


def test_the_timeout_of_a_stream_does_not_bound_its_caller():
    calls = [Call("gateway", "web", GOOD), Call("web", "events", (0, 0, 0, 0, 10.0))]
    found = recommend(snapshot(calls), None, Set({"events": (3_600_000.0,)}))
    assert timeout_ms(only(found)) < 1_000
    assert found.plan == ()


@pytest.mark.parametrize(
    ("routes", "reason", "severity"),
    [
        ((200.0, None), "TIMEOUT_NONE_SET", "warning"),
        ((200.0, 250.0), "TIMEOUT_FITS", "ok"),
        ((20.0, None), "TIMEOUT_TOO_TIGHT", "warning"),
        ((20.0,), "TIMEOUT_TOO_TIGHT", "critical"),
    ],
)
def test_a_route_without_a_timeout_and_a_quick_route_are_told_apart(routes, reason, severity):
    found = only(advice([Call(buckets=GOOD)], current={"cart": routes}))
    assert (found.reasons[0], found.severity) == (reason, severity)
