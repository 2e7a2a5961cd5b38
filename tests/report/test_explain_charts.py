import pool_samples
import retry_weeks
from host_weeks import Service
from host_weeks import week as host_week
from reports import recommendation, target, week, withheld

from observe.recommend.outliers import recommend_outliers
from observe.recommend.policy import Policy
from observe.recommend.pools import recommend_pools
from observe.report.explain_charts import explain_figure, explain_png

POLICY = Policy()


def test_the_picture_is_a_png_of_a_size_to_read():
    hostile = (recommendation(target=target("$\\frac$")),)
    assert explain_png(hostile, week("$\\frac$"), POLICY)[:8] == b"\x89PNG\r\n\x1a\n"
    data = explain_png((recommendation(),), week(), POLICY)
    assert int.from_bytes(data[16:20], "big") == 1650
    assert data == explain_png((recommendation(),), week(), POLICY)


def test_what_is_withheld_or_without_telemetry_gives_no_picture():
    assert explain_png((withheld(),), week(), POLICY) is None
    assert explain_png((recommendation("nobody"),), week(), POLICY) is None


def test_each_kind_adds_its_charts_below_one_another():
    timeout = explain_figure((recommendation(), withheld()), week(), POLICY)
    assert len(timeout.axes) == 3
    failures = retry_weeks.week(retry_weeks.lost(retry_weeks.flat(1_000), 10))
    retry = retry_weeks.advise(failures)
    both = explain_figure((recommendation(), retry), failures, POLICY)
    assert len(both.axes) == 4
    assert both.get_figheight() > timeout.get_figheight()
    assert both.axes[3].get_position().y1 < both.axes[2].get_position().y0


def test_pools_and_hosts_are_drawn_over_the_window():
    loads = pool_samples.even([pool_samples.steady()], proxies=pool_samples.proxies({0: (1, 1.0)}))
    (pool,), _ = recommend_pools(loads, POLICY, None, {}, {})
    assert len(explain_figure((pool,), loads, POLICY).axes) == 1
    failing = host_week(Service(bad=((0, slice(1_200, 1_212), 0.9),)))
    (ejection,), _ = recommend_outliers(failing, POLICY, None)
    assert len(explain_figure((ejection,), failing, POLICY).axes) == 1
    calm = host_week(Service())
    (ejection,), _ = recommend_outliers(calm, POLICY, None)
    assert explain_figure((ejection,), calm, POLICY) is None
