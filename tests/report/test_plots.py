from datetime import timedelta

import numpy as np
import pytest
from handmade import BOUNDS, START
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from reports import evidence, recommendation, week

from observe.report.axes import log_ticks
from observe.report.charts import ChartPress
from observe.report.curves import hourly_lines, tail_curve
from observe.report.palette import COLOURS
from observe.report.plots import cdf_axes, timeline_axes
from observe.signals.latency import latency_by_target
from observe.stats.histogram import Histogram

SHAPE = Histogram(np.array(BOUNDS), np.array([900.0, 90.0, 9.0, 1.0, 0.0]))


def cdf(**changes):
    values = {
        "quantile": 0.999,
        "estimate": (640.0, 588.0, 731.0),
        "bracket": (500.0, 1000.0),
        "proposed_ms": 850.0,
    }
    ax = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    return cdf_axes(ax, [tail_curve(SHAPE, "all")], **(values | changes))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_the_timeouts_are_labelled_lines_at_their_place():
    ax = cdf(current_ms=2_000.0)
    assert sorted(texts(ax)) == ["current 2 s", "proposed 850 ms"]
    upright = [line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]]
    assert sorted(upright) == [850.0, 2_000.0]


def test_no_current_timeout_draws_no_line():
    assert texts(cdf()) == ["proposed 850 ms"]


def test_two_timeouts_that_are_close_have_labels_at_different_heights():
    ax = cdf(current_ms=860.0)
    heights = [text.xyann[1] for text in ax.texts]
    assert abs(heights[0] - heights[1]) >= 9


def test_the_axis_reaches_two_decades_below_the_share_that_may_be_cut():
    ax = cdf()
    assert ax.get_ylim() == pytest.approx((1e-5, 1.0))
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    assert all(
        " ms" in label.get_text() or " s" in label.get_text() for label in ax.get_xticklabels()
    )


def test_a_bucket_without_end_is_shaded_to_the_edge():
    ax = cdf(bracket=(500.0, None))
    shades = [patch.get_extents().get_points() for patch in ax.patches]
    right = ax.transData.transform((ax.get_xlim()[1], 1))[0]
    assert max(points[1][0] for points in shades) == pytest.approx(right)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1, 1000, [1, 3, 10, 30, 100, 300, 1000]), (80, 600, [100, 200, 500]), (0.5, 1e7, None)],
)
def test_ticks_are_few_and_round(low, high, ticks):
    found = log_ticks(low, high)
    assert 2 <= len(found) <= 8
    if ticks:
        assert found == pytest.approx(ticks)


def timeline(hours=168, **changes):
    latency = latency_by_target(week())["east/shop/cart"].at(np.arange(168) < hours)
    figure = Figure()
    ax, volume = figure.add_axes((0.1, 0.4, 0.8, 0.5)), figure.add_axes((0.1, 0.1, 0.8, 0.2))
    timeline_axes(ax, hourly_lines(latency), volume_ax=volume, **changes)
    return ax, volume


def test_a_week_is_labelled_by_day():
    _, volume = timeline()
    names = [label.get_text() for label in volume.get_xticklabels()]
    assert names == ["Mon 2", "Tue 3", "Wed 4", "Thu 5", "Fri 6", "Sat 7", "Sun 8"]
    assert volume.get_xlabel() == "time in UTC"


def test_a_short_window_is_labelled_by_hour():
    _, volume = timeline(hours=24)
    names = [label.get_text() for label in volume.get_xticklabels()]
    assert names == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]


def test_the_volume_is_told_per_second():
    _, volume = timeline()
    assert [label.get_text() for label in volume.get_yticklabels()] == ["0", "0.278 /s"]


def test_spans_are_shaded_where_they_are():
    busy = np.zeros(168, dtype=bool)
    busy[[10, 11, 40]] = True
    excluded = [(START + timedelta(hours=50), START + timedelta(hours=52))]
    ax, _ = timeline(busiest=busy, excluded=excluded)
    start = START.timestamp() / 86_400
    shaded = {to_hex(p.get_facecolor()): p.get_path().vertices[:, 0] for p in ax.patches}
    hours = (shaded[COLOURS["busy"][0]] - start) * 24
    assert sorted(set(np.round(hours, 6))) == [10, 12, 40, 41]
    left_out = (shaded[COLOURS["excluded"][0]] - start) * 24
    assert sorted(set(np.round(left_out, 6))) == [50, 52]


@pytest.mark.parametrize("current", [900.0, 850.0, 700.0, 20_000.0])
def test_labels_of_two_timeouts_do_not_overlap(current):
    ax, _ = timeline(proposed_ms=850.0, current_ms=current)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    if current != 850.0:
        assert len(boxes) == 2
        assert boxes[0].y1 <= boxes[1].y0 or boxes[1].y1 <= boxes[0].y0
    assert all(box.y1 <= ax.bbox.y1 + 1 for box in boxes)


def test_an_axis_without_any_answer_still_draws():
    frame = hourly_lines(latency_by_target(week())["east/shop/cart"])
    frame[["p50_ms", "p99_ms", "p999_ms"]] = np.nan
    ax = timeline_axes(Figure().add_axes((0.1, 0.1, 0.8, 0.8)), frame)
    assert ax.get_ylim() == (1.0, 1000.0)


def test_a_chart_does_not_depend_on_what_was_drawn_before():
    latency = latency_by_target(week())["east/shop/cart"]
    first = recommendation()
    other = recommendation(
        current={"timeout": "5s"},
        evidence=evidence(excluded=((START, START + timedelta(hours=1)),)),
    )
    used = ChartPress()
    used.charts(other, latency)
    assert used.charts(first, latency) == ChartPress().charts(first, latency)
