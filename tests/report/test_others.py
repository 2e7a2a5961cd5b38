"""Neighbours of a proposal, on snapshots whose numbers are known."""

import pool_samples
import reports
import retry_weeks
from host_weeks import Service
from host_weeks import week as host_week
from scipy.stats import poisson

from observe.recommend.outliers import recommend_outliers
from observe.recommend.policy import Policy, PoolPolicy, RetryPolicy
from observe.recommend.pools import recommend_pools
from observe.report.format import count_text, interval_text, share_text
from observe.report.others import Other, others_of

POLICY = Policy()


def by_setting(others):
    return {other.setting: (other.effect, other.verdict) for other in others}


def test_other_timeouts_are_counted_in_the_same_window():
    proposed = reports.recommendation(
        proposed={"timeout": "200ms"},
        current={"timeout": "10s", "source": "a.yaml:1"},
        evidence=reports.evidence(estimate_ms=100.0, high_ms=150.0),
    )
    found = by_setting(others_of(proposed, reports.week(), POLICY))
    assert list(found) == [
        "half: 100 ms",
        "bare p99.9: 100 ms",
        "proposed: 200 ms",
        "double: 400 ms",
        "today: 10 s",
    ]
    assert found["half: 100 ms"] == (
        "cuts 10 % of requests",
        "below the upper end of the p99.9, 150 ms (90 %)",
    )
    assert found["today: 10 s"] == (
        "cuts 0.1 % of requests",
        "a call that hangs holds its caller 50 times as long",
    )
    assert found["proposed: 200 ms"][1] == ""


def test_hours_left_out_as_incidents_do_not_count_for_other_timeouts():
    start = reports.START
    one = reports.recommendation(
        proposed={"timeout": "200ms"},
        evidence=reports.evidence(excluded=((start, start.replace(hour=1)),)),
    )
    found = by_setting(others_of(one, reports.week(), POLICY))
    assert found["half: 100 ms"][0] == "cuts 10 % of requests"


def failing(**knobs):
    """1 % of the first tries fail one by one; the policy that is judged by."""
    week = retry_weeks.week(retry_weeks.lost(retry_weeks.flat(1_000), 10))
    policy = Policy(retry=RetryPolicy(**knobs))
    return week, policy, retry_weeks.advise(week, policy=policy)


def test_one_retry_more_and_one_less_are_told_by_what_they_cure():
    week, policy, advice = failing()
    assert advice.proposed["attempts"] == 1
    found = others_of(advice, week, policy)
    assert [other.setting for other in found] == [
        "no retries",
        "1 retry (proposed)",
        "2 retries",
        "1 retry, no budget",
    ]
    none, chosen, more, free = found
    assert none == Other(
        "no retries",
        "1 % of requests fail",
        "leaves 0.99 % of requests failing that could be cured",
    )
    assert (
        chosen.effect == "0.01 % of requests fail; 1 % (0.99 % to 1 %) more load in the worst hour"
    )
    assert more.effect == "0.0001 % of requests fail; 1 % more load in the worst hour"
    assert more.verdict == "cures another 0.0099 %; worth it from 0.01 % on"
    assert free.verdict == "when every try fails, twice the load"


def test_a_retry_that_the_policy_forbids_says_so():
    week, policy, advice = failing(least_gain=1e-5, most_attempts=1)
    found = by_setting(others_of(advice, week, policy))
    assert found["2 retries"][1] == "the policy allows 1 (mostAttempts)"


def test_what_is_set_and_istios_default_are_marked():
    week, policy, advice = failing()
    set_today = advice.model_copy(update={"current": {"attempts": 5, "source": "a.yaml:1"}})
    assert "5 retries (today)" in by_setting(others_of(set_today, week, policy))
    nothing_set = advice.model_copy(update={"current": {"attempts": None, "source": None}})
    assert "2 retries (Istio's)" in by_setting(others_of(nothing_set, week, policy))


def test_where_no_retry_is_proposed_the_reason_stands_beside_the_others():
    week, policy, advice = failing()
    none = advice.model_copy(
        update={"proposed": {"attempts": 0}, "reasons": ("RETRIES_MULTIPLY_OUTAGES",)}
    )
    found = others_of(none, week, policy)
    assert [other.setting for other in found] == ["no retries (proposed)", "1 retry", "2 retries"]
    assert {other.verdict for other in found[1:]} == {
        "in an outage every try fails, and only adds load"
    }


def steady_pool(timeouts=None):
    """5.5 requests under way on average, one client proxy."""
    week = pool_samples.even(
        [pool_samples.steady()],
        proxies=pool_samples.proxies({0: (1, 1.0)}),
        containers=pool_samples.pods({"cart": 1}),
    )
    found, _ = recommend_pools(week, POLICY, None, timeouts or {}, {})
    return week, found[0]


def test_half_a_pool_refuses_what_a_poisson_number_exceeds_it_by():
    week, pool = steady_pool()
    assert pool.proposed["http2MaxRequests"] == 21
    half, proposed, double = others_of(pool, week, POLICY)
    refused = 2 * poisson.sf(9, 5.5)  # at the client, and at the one server
    assert half.setting == "half: 10"
    assert half.effect == (
        f"refuses {share_text(refused)} of requests; a hang fills it after 100 ms"
    )
    assert half.verdict == "below the 14 that are under way at the peak"
    assert proposed == Other("proposed: 21", proposed.effect, "")
    assert double.verdict == "a hang holds 42 requests in a client proxy, not 21"


def test_a_pool_that_the_timeout_keeps_from_filling_is_not_said_to_fill():
    week, pool = steady_pool({pool_samples.PATH: 100.0})
    assert pool.evidence.hang_holds == 10.0
    found = by_setting(others_of(pool, week, POLICY))
    assert found["proposed: 21"][0].endswith("a hang does not fill it before the timeout")
    assert found["double: 42"][1] == "nobody was seen to need more than 21"


def test_the_pool_of_today_is_told_once():
    week, pool = steady_pool()
    today = pool.model_copy(update={"current": {"http2MaxRequests": 16}})
    assert "today: 16" in by_setting(others_of(today, week, POLICY))
    fits = pool.model_copy(update={"current": {"http2MaxRequests": 21}})
    assert len(others_of(fits, week, POLICY)) == 3
    assert (
        by_setting(others_of(today, week, Policy(connection_pool=PoolPolicy(headroom=2.0))))[
            "today: 16"
        ][1]
        == "less room than the policy asks for"
    )


def test_one_error_in_a_row_less_ejects_healthy_hosts_too_often():
    week = host_week(Service())
    (one,), _ = recommend_outliers(week, POLICY, None)
    k = one.proposed["consecutive5xxErrors"]
    less, proposed, more = others_of(one, week, POLICY)
    assert [less.setting, proposed.setting, more.setting] == [
        f"{k - 1} errors in a row",
        f"{k} errors in a row (proposed)",
        f"{k + 1} errors in a row",
    ]
    false = interval_text(
        one.predicted.false_ejections_per_week,
        one.predicted_interval["falseEjectionsPerWeek"],
        count_text,
    )
    assert proposed.effect.startswith(f"ejects healthy hosts {false} times a week")
    assert less.verdict == "may eject more than the 1 a week that is accepted"
    assert more.verdict == "slower; less than the accepted 1 a week already"


def test_the_errors_in_a_row_of_today_are_judged_beside_the_proposal():
    week = host_week(Service())
    (one,), _ = recommend_outliers(week, POLICY, None)
    today = one.model_copy(
        update={"current": {"outlierDetection": {"consecutive5xxErrors": 1}, "source": "a:1"}}
    )
    first = others_of(today, week, POLICY)[0]
    assert first.setting == "1 errors in a row (today)"
    assert first.verdict == "may eject more than the 1 a week that is accepted"
