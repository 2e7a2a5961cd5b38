"""All tries fit into the timeout: fewer attempts, or no timeout for each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retry_samples import path_of, retry

from observe.durations import duration_ms
from observe.recommend.plan_fit import fit_into_timeouts
from observe.recommend.retry_timing import longest_backoff_ms, longest_tries_ms


def fitted(timeout_ms, attempts=2, **proposed):
    before = retry("a", attempts, proposed=proposed)
    (after,), changes = fit_into_timeouts([before], {path_of("a"): timeout_ms})
    return before, after, changes


def test_pauses_grow_up_to_ten_bases():
    assert [longest_backoff_ms(n) for n in (0, 1, 2, 3, 4, 5)] == [0, 25, 100, 275, 525, 775]
    assert longest_tries_ms(2, 300) == 1000


def test_tries_that_just_fit_stay():
    before, after, changes = fitted(1000, perTryTimeout="300ms")
    assert (after, changes) == (before, [])


def test_one_millisecond_less_costs_an_attempt():
    _, after, (change,) = fitted(999, perTryTimeout="300ms")
    assert after.proposed["attempts"] == 1
    assert after.proposed["perTryTimeout"] == "300ms"
    assert (change.field, change.before, change.after) == ("attempts", "2", "1")
    assert change.message == (
        "east/shop/a: more tries of 300ms each do not fit into the timeout of 999ms"
    )


def test_a_longer_pause_that_is_asked_for_counts():
    _, after, _ = fitted(1000, perTryTimeout="300ms", backoff="50ms")
    assert after.proposed["attempts"] == 1


def test_a_single_retry_that_does_not_fit_loses_its_own_timeout():
    _, after, (change,) = fitted(500, perTryTimeout="300ms")
    assert after.proposed["attempts"] == 2
    assert after.proposed["perTryTimeout"] is None
    assert (change.field, change.before, change.after) == ("perTryTimeout", "300ms", "none")
    assert after.reasons[-1] == "TRIES_BEYOND_TIMEOUT"


@pytest.mark.parametrize("proposed", [{}, {"perTryTimeout": None}])
def test_tries_without_a_timeout_of_their_own_share_that_of_the_route(proposed):
    before, after, changes = fitted(1, **proposed)
    assert (after, changes) == (before, [])


def test_without_a_timeout_everything_fits():
    before = retry("a", 2, proposed={"perTryTimeout": "9s"})
    assert fit_into_timeouts([before], {}) == ([before], [])


@given(st.integers(1, 5000), st.integers(0, 5), st.integers(1, 2000), st.integers(1, 200))
def test_afterwards_all_tries_fit_and_nothing_changes_again(timeout, attempts, each, base):
    _, after, changes = fitted(timeout, attempts, perTryTimeout=f"{each}ms", backoff=f"{base}ms")
    left, per_try = after.proposed["attempts"], after.proposed.get("perTryTimeout")
    if left and per_try:
        assert longest_tries_ms(left, float(duration_ms(per_try)), base) <= timeout
    assert (after.proposed.get("attempts"), len(changes)) in ((attempts, 0), (attempts, 1)) or (
        left < attempts
    )
    assert fit_into_timeouts([after], {path_of("a"): timeout}) == ([after], [])
