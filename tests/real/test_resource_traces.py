"""Reading real traces, and that the sizes hold on them as the benchmark says."""

import numpy as np
import pytest
from resources import by_share, by_week, judge, summary, verdict
from resources_made import made_sets
from resources_traces import Trace, TraceSet, regular, trace_sets

SETS, MISSING = trace_sets()


def found(name, resource="cpu"):
    for one in SETS:
        if (one.name, one.resource) == (name, resource):
            return one
    pytest.skip(f"{name} is not kept beside the checkout ($OBSERVE_SHARED)")


def test_rows_fill_the_steps_that_they_last_and_long_ones_are_gaps():
    seconds = np.array([300, 900, 9000])
    trace = regular("vm", seconds, np.array([1.0, 2.0, 3.0]), 300, np.array([300.0, 600, 8100]))
    assert trace.start == 0
    assert trace.values[:3].tolist() == [1.0, 2.0, 2.0]
    assert np.isnan(trace.values[3:-1]).all()
    assert trace.values[-1] == 3.0


def test_splits_never_overlap():
    trace = Trace("t", 0, 300, np.arange(3 * 2016.0))
    (split,) = by_share(trace, 2 / 3)
    assert split.first.values[-1] + 1 == split.rest.values[0]
    assert split.rest.start == 2 * 2016 * 300
    weeks = by_week(trace)
    assert [(s.first.values[0], s.rest.values[-1]) for s in weeks] == [(0, 4031), (2016, 6047)]


def test_what_is_made_has_the_shape_that_it_is_named_after():
    for one in made_sets():
        assert all(np.isfinite(t.values).all() and t.values.min() > 0 for t in one.traces)
    monday = next(s for s in made_sets() if "Monday" in s.name).traces[0].values.reshape(21, 288)
    assert monday[0, 108:144].mean() > 3 * monday[1, 108:144].mean()


@pytest.mark.shared
def test_the_dirt_of_bitbrains_is_unknown_and_not_use():
    traces = {t.name: t for t in found("bitbrains").traces}
    assert len(traces) == 25
    assert np.isfinite(traces["636"].values).mean() < 0.7
    assert all(np.nanmax(t.values) < 10 for t in traces.values())


@pytest.mark.shared
def test_pods_of_the_boutique_have_20_hours_in_minutes():
    one = found("nezha-onlineboutique")
    assert {(t.step_seconds, t.values.size) for t in one.traces} == {(60, 1209)}
    assert {t.start // 86_400 for t in one.traces} == {1_661_126_400 // 86_400}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "resource"), [("nezha-onlineboutique", "cpu"), ("nezha-onlineboutique", "memory")]
)
def test_the_bar_is_met_on_the_boutique(name, resource):
    one = found(name, resource)
    table, withheld = judge(one, [s for t in one.traces for s in by_share(t)])
    assert withheld == []
    assert verdict(summary(table), "above").startswith("met")


@pytest.mark.shared
def test_the_bar_is_met_on_a_few_machines_of_bitbrains():
    one = found("bitbrains")
    few = TraceSet(one.name, one.resource, one.traces[::2])
    table, _ = judge(few, [s for t in few.traces for s in by_share(t)])
    means = summary(table)
    assert means.at["balanced", "above"] <= means.at["VPA", "above"]
    assert means.at["balanced", "slack"] < means.at["VPA", "slack"]
