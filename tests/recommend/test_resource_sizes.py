"""Three variants side by side; what is withheld, and how sure the rest is."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.errors import InputError
from observe.recommend.resource_policy import MIB, ResourcePolicy
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_sizes import backtest, sizes
from observe.recommend.resource_usage import usage

MONDAY = 1_704_067_200
DAY, WEEK = 288, 2016


def of(days=7.0, cpu=0.2, mib=300.0, **known):
    steps = round(days * DAY)
    full = {"cpu": np.full(steps, cpu), "memory": np.full(steps, mib * MIB)}
    full |= {k: known.pop(k) for k in ("cpu_series", "memory_series") if k in known}
    cpu, memory = full.get("cpu_series", full["cpu"]), full.get("memory_series", full["memory"])
    return usage(cpu, memory, start=MONDAY, **known)


def test_a_steady_week_is_sized_with_high_confidence():
    found = sizes(of())
    assert found.confidence == "high"
    assert found.withheld == ()
    cpu = [s.cpu.request for s in (found.cost, found.balanced, found.safe)]
    assert cpu == [0.200, 0.206, 0.220]
    memory = [s.memory.request / MIB for s in (found.cost, found.balanced, found.safe)]
    assert memory == [309, 315, 345]
    limits = [s.memory.limit / MIB for s in (found.cost, found.balanced, found.safe)]
    assert limits == [340, 394, 518]
    assert found.balanced.cpu.score.fraction_above == 0.0
    assert found.balanced.cpu.score.slack == pytest.approx(1 - 0.2 / 0.206)
    assert found.balanced.memory.score.slack == pytest.approx(1 - 300 / 315)


def test_what_a_variant_would_have_meant_is_counted_on_the_data():
    cpu = np.full(WEEK, 0.1)
    cpu[::50] = 5.0  # 2 % of the steps, apart from one another
    found = sizes(of(cpu_series=cpu))
    assert found.balanced.cpu.request == 0.103
    assert found.balanced.cpu.score.fraction_above == pytest.approx(41 / WEEK)
    assert found.safe.cpu.score.fraction_above == 0.0


def test_less_than_half_a_day_is_withheld_with_what_is_needed():
    found = sizes(of(days=0.4))
    assert [(w.resource, w.reason) for w in found.withheld] == [
        ("cpu", ResourceReason.TOO_SHORT),
        ("memory", ResourceReason.TOO_SHORT),
    ]
    assert found.withheld[0].message == (
        "9.6 hours (115 steps) of CPU; 12 hours and 60 steps are needed"
    )
    assert found.balanced.cpu is None
    assert found.confidence is None


@pytest.mark.parametrize(("days", "grade"), [(1, "low"), (3, "medium"), (7, "high")])
def test_a_short_window_lowers_the_confidence(days, grade):
    found = sizes(of(days=days))
    assert found.cpu_confidence[0] == found.memory_confidence[0] == grade
    assert (ResourceReason.SHORT_WINDOW in found.cpu_confidence[1]) is (grade != "high")


def test_few_long_steps_are_withheld_however_many_days_they_span():
    found = sizes(usage(np.full(40, 0.2), np.full(40, MIB), step_seconds=7200, start=MONDAY))
    assert {w.reason for w in found.withheld} == {ResourceReason.TOO_SHORT}


def test_gaps_lower_the_confidence_and_then_withhold():
    rng = np.random.default_rng(4)
    for share, grade in ((0.05, "high"), (0.3, "medium"), (0.6, "low")):
        cpu = np.where(rng.random(WEEK) < share, np.nan, 0.2)
        assert sizes(of(cpu_series=cpu)).cpu_confidence[0] == grade
    cpu = np.where(rng.random(WEEK) < 0.8, np.nan, 0.2)
    found = sizes(of(cpu_series=cpu))
    assert [(w.resource, w.reason) for w in found.withheld] == [("cpu", ResourceReason.MOSTLY_GAPS)]
    assert found.balanced.memory.request == 315 * MIB


def test_one_resource_alone_is_sized():
    found = sizes(of(memory_series=np.full(WEEK, np.nan)))
    assert found.balanced.cpu.request == 0.206
    assert [(w.resource, w.reason) for w in found.withheld] == [("memory", ResourceReason.NO_USAGE)]


def test_a_leak_has_no_size_and_says_when_the_limit_is_reached():
    mib = 200 + 40 * np.arange(WEEK) / DAY + np.random.default_rng(0).normal(size=WEEK)
    found = sizes(of(memory_series=mib * MIB, memory_limit=1024 * MIB))
    assert found.balanced.memory is None
    (withheld,) = found.withheld
    assert withheld.reason == ResourceReason.MEMORY_LEAK
    assert withheld.message.startswith("grows by 40 MiB a day whatever the load")
    assert withheld.message.endswith("the limit is reached in 13.6 days")
    assert found.balanced.cpu.request == 0.206


def test_kills_raise_the_memory_and_lower_the_confidence():
    kills = np.zeros(WEEK)
    kills[900] = 1
    found = sizes(of(mib=1000.0, oom_kills=kills))
    assert found.balanced.memory.request == 1260 * MIB
    assert ResourceReason.MEMORY_OOM_RAISED in found.balanced.memory.reasons
    assert found.memory_confidence == ("medium", (ResourceReason.MEMORY_CENSORED,))


def test_an_idle_container_gets_the_least():
    found = sizes(of(cpu=0.0, mib=3.0))
    for size in (found.cost, found.balanced, found.safe):
        assert size.cpu.request == 0.010
        assert size.cpu.reasons == (ResourceReason.CPU_IDLE,)
        assert size.memory.request == 32 * MIB
        assert ResourceReason.MEMORY_FLOOR in size.memory.reasons
    assert found.confidence == "high"


def test_throttled_use_is_not_what_was_wanted():
    found = sizes(of(cpu_limit=0.2, throttled=np.full(WEEK, 0.4)))
    assert found.cpu_confidence == ("low", (ResourceReason.CPU_CENSORED,))
    assert found.balanced.cpu.limit is None
    assert ResourceReason.CPU_LIMIT_THROTTLES in found.balanced.cpu.reasons


def test_uneven_replicas_are_a_doubt_and_slack_is_of_the_mean():
    known = {"cpu_mean": np.full(WEEK, 0.05), "pods": np.full(WEEK, 5.0)}
    found = sizes(of(cpu=0.2, **known))
    assert found.skew == pytest.approx(4.0)
    assert found.cpu_confidence == ("medium", (ResourceReason.REPLICAS_UNEVEN,))
    assert found.balanced.cpu.score.slack == pytest.approx(1 - 0.05 / 0.206)


def test_a_rest_above_the_first_part_lowers_the_confidence():
    cpu = np.full(WEEK, 0.2)
    cpu[-DAY:] = 0.4
    found = sizes(of(cpu_series=cpu))
    assert found.tested.cpu.fraction_above == pytest.approx(DAY / 605)
    assert ResourceReason.BACKTEST_ABOVE in found.cpu_confidence[1]
    assert found.balanced.cpu.request == 0.412


def test_a_backtest_does_not_look_at_what_it_tests():
    rng = np.random.default_rng(6)
    first, later = of(cpu_series=rng.random(WEEK)), rng.random(WEEK)
    changed = np.append(first.cpu[:1411], later[1411:])
    alike = backtest(of(cpu_series=changed), ResourcePolicy()).cpu
    assert alike.steps == 605
    expected = sizes(first.part(0, 1411)).balanced.cpu.request
    assert alike.fraction_above == np.mean(later[1411:] > expected)


def test_a_container_that_is_two_days_old_is_tested_on_its_own_days():
    cpu = np.full(WEEK, np.nan)
    cpu[-2 * DAY :] = 0.3
    tested = sizes(of(cpu_series=cpu, memory_series=cpu * MIB)).tested
    assert (tested.cpu.steps, tested.cpu.fraction_above) == (173, 0.0)
    assert tested.memory.days == 1


def test_a_window_too_short_for_a_test_is_not_tested():
    assert sizes(of(days=0.6)).tested.cpu is None


def test_the_same_input_gives_the_same_sizes():
    cpu = np.random.default_rng(8).gamma(2, 0.1, WEEK)
    assert asdict(sizes(of(cpu_series=cpu))) == asdict(sizes(of(cpu_series=cpu)))


def test_hourly_steps_are_sized_too():
    hours = usage(np.full(168, 0.2), np.full(168, 300.0 * MIB), step_seconds=3600, start=MONDAY)
    assert sizes(hours).balanced.cpu.request == 0.206


def test_series_of_unlike_length_are_refused():
    with pytest.raises(InputError, match="one value a step"):
        usage(np.ones(3), np.ones(4))
    with pytest.raises(InputError, match="longer than nothing"):
        usage(np.ones(3), np.ones(3), step_seconds=0)


def test_no_steps_are_no_usage():
    found = sizes(usage([], []))
    assert {w.reason for w in found.withheld} == {ResourceReason.NO_USAGE}


values = st.one_of(st.floats(0, 64), st.just(float("nan")), st.just(float("inf")), st.just(-1.0))


@settings(max_examples=25, deadline=None)
@given(st.lists(values, min_size=150, max_size=400), st.integers(0, 2**31))
def test_any_input_gives_ordered_sizes_or_reasons(cpu, start):
    found = sizes(usage(cpu, np.array(cpu) * 1e9, start=start, step_seconds=300))
    for name, unit in (("cpu", 1.0), ("memory", 1.0)):
        three = [getattr(s, name) for s in (found.cost, found.balanced, found.safe)]
        if three[0] is None:
            assert any(w.resource == name for w in found.withheld)
            continue
        requests = [size.request * unit for size in three]
        assert requests == sorted(requests)
        assert all(s.low <= s.request <= s.high for s in three)
        if name == "memory":
            assert all(s.limit >= s.request for s in three)
            assert three[1].score.fraction_above == 0.0
