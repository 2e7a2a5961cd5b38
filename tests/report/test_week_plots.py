import numpy as np
import pytest
from matplotlib.figure import Figure

from observe.report.week_plots import failure_axes, host_axes, load_axes
from observe.report.week_series import FailureWeek, HostWeek, Hours, LoadWeek

HOURS = Hours(20_000.0 + np.arange(48) / 24, 1 / 24)
NONE = np.zeros(48)


def axes():
    return Figure().add_subplot()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def notes(ax):
    return [text.get_text() for text in ax.texts]


def one_hour(share):
    values = NONE.copy()
    values[5] = share
    return values


def test_failures_are_drawn_with_their_outages():
    span = ((20_000.1, 20_000.2),)
    ax = failure_axes(axes(), FailureWeek(HOURS, one_hour(0.3), one_hour(2e-5), span, ()))
    assert legend(ax) == ["outage", "other failures", "a retry may cure"]
    assert ax.get_ylim() == pytest.approx((1e-5, 1.0))
    assert ax.get_xlim() == (20_000.0, pytest.approx(20_002.0))


def test_what_never_happened_has_no_line():
    ax = failure_axes(axes(), FailureWeek(HOURS, NONE, one_hour(0.5), (), ((20_000.1, 20_000.2),)))
    assert legend(ax) == ["some hosts fail", "other failures"]
    assert ax.get_ylim() == pytest.approx((1e-3, 1.0))
    calm = failure_axes(axes(), FailureWeek(HOURS, NONE, NONE, (), ()))
    assert calm.lines[:] == []


def test_limits_are_drawn_and_labelled():
    week = LoadWeek(HOURS, np.full(48, 40.0), None)
    ax = load_axes(axes(), week, peak=60.0, proposed=100, current=50)
    assert notes(ax) == ["current 50", "proposed 100"]
    assert legend(ax) == ["neediest client", "p99.9: 60"]
    assert ax.get_ylim() == (0.0, 130.0)


def test_a_limit_far_above_is_named_and_does_not_flatten_the_chart():
    week = LoadWeek(HOURS, np.full(48, 40.0), np.full(48, 20.0), ((20_000.1, 20_000.2),))
    ax = load_axes(axes(), week, peak=60.0, proposed=100, current=1_024)
    assert notes(ax) == ["current 1,024 (beyond the chart)", "proposed 100"]
    assert ax.get_ylim()[1] == 130.0
    assert legend(ax) == ["left out", "busiest server", "neediest client", "p99.9: 60"]


def test_hosts_that_failed_are_named_by_their_end():
    failing = (("10.0.0.1:15020", one_hour(0.9)), ("a-very-long-pod-name-7d9f-x2x4z", NONE))
    ax = host_axes(axes(), HostWeek(HOURS, failing, np.full(48, 1e-3), ((20_000.2, 20_000.3),)))
    assert legend(ax) == ["a host fails alone", "other hosts", "10.0.0.1:15020"]
    both = (failing[0], (failing[1][0], one_hour(0.2)))
    ax = host_axes(axes(), HostWeek(HOURS, both, NONE, ()))
    assert legend(ax) == ["10.0.0.1:15020", "…g-pod-name-7d9f-x2x4z"]
