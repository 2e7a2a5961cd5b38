"""Charts of a window for retries, pools and outlier detection, on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from observe.report.axes import FONT, count_axis, day_axis, share_axis
from observe.report.palette import LIGHT
from observe.report.plots import legend_above, shade_spans
from observe.report.week_series import Days, FailureWeek, Floats, HostWeek, Hours, LoadWeek

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Smaller shares are not told apart from none.
_SMALLEST, _LARGEST_BOTTOM = 1e-6, 1e-3


def failure_axes(ax: Axes, week: FailureWeek) -> Axes:
    """Shares of requests that fail, hour by hour, with the spans in which most do shaded."""
    _days(ax, week.hours)
    _shares(ax, [week.curable, week.others], "share of requests that fail")
    _shade(ax, week.outages, "excluded", "outage")
    _shade(ax, week.failing_hosts, "busy", "some hosts fail")
    _line(ax, week.hours, week.others, "other failures", color=LIGHT["p999"], lw=1.0)
    _line(ax, week.hours, week.curable, "a retry may cure", color=LIGHT["p99"], lw=1.3)
    legend_above(ax)
    return ax


def load_axes(
    ax: Axes,
    week: LoadWeek,
    *,
    peak: float,
    proposed: int | None,
    current: int | None = None,
) -> Axes:
    """Requests under way at one proxy against the limits.

    Args:
        ax: axes to draw on.
        week: the series.
        peak: p99.9 of the requests under way that the limit was made from.
        proposed, current: limits on requests; None draws nothing. One that is far above all
            else is named at the top instead.
    """
    most = np.nanmax([peak, proposed or 0.0, *week.client, *(_or_nothing(week.server))])
    top = float(most) * 1.3
    _days(ax, week.hours)
    count_axis(ax, top, "requests under way at a proxy")
    _shade(ax, week.incidents, "excluded", "left out")
    if week.server is not None:
        _line(ax, week.hours, week.server, "busiest server", color=LIGHT["volume"], lw=1.1)
    _line(ax, week.hours, week.client, "neediest client", color=LIGHT["p99"], lw=1.3)
    ax.axhline(peak, color=LIGHT["p999"], lw=1.0, ls=":", label=f"p99.9: {peak:,.0f}")
    _limit(ax, current, "current", top)
    _limit(ax, proposed, "proposed", top)
    legend_above(ax)
    return ax


def host_axes(ax: Axes, week: HostWeek) -> Axes:
    """Shares of errors of the hosts that failed alone beside all others."""
    _days(ax, week.hours)
    _shares(ax, [week.others, *(shares for _, shares in week.failing)], "share of errors")
    _shade(ax, week.episodes, "excluded", "a host fails alone")
    _line(ax, week.hours, week.others, "other hosts", color=LIGHT["volume"], lw=1.2)
    for (name, shares), colour in zip(week.failing, ("p999", "p99", "current"), strict=False):
        _line(ax, week.hours, shares, _end_of(name), color=LIGHT[colour], lw=1.3)
    legend_above(ax)
    return ax


def _days(ax: Axes, hours: Hours) -> None:
    day_axis(ax, float(hours.edges[0]), float(hours.edges[-1]))


def _shares(ax: Axes, series: Sequence[Floats], what: str) -> None:
    """A logarithmic axis down to the smallest share that is drawn."""
    values = np.concatenate(series)
    positive = values[np.isfinite(values) & (values >= _SMALLEST)]
    least = float(positive.min()) if positive.size else _LARGEST_BOTTOM
    bottom = min(10.0 ** np.floor(np.log10(least)), _LARGEST_BOTTOM)
    share_axis(ax, bottom, what)


def _shade(ax: Axes, spans: Sequence[Days], colour: str, label: str) -> None:
    if spans:
        shade_spans(ax, spans, colour, label)


def _line(ax: Axes, hours: Hours, values: Floats, label: str, **style: Any) -> None:
    """Steps from hour to hour; what is none on a logarithmic axis lies on its lower end."""
    if not (np.nan_to_num(values) > 0).any():
        return
    bottom = ax.get_ylim()[0]
    ax.step(hours.starts, np.maximum(values, bottom), where="post", label=label, **style)


def _limit(ax: Axes, limit: int | None, word: str, top: float) -> None:
    if limit is None:
        return
    beyond = limit > top
    if not beyond:
        ax.axhline(limit, color=LIGHT[word], lw=1.6, ls="-" if word == "proposed" else "--")
    ax.annotate(
        f"{word} {limit:,}{' (beyond the chart)' if beyond else ''}",
        xy=(0.99, top if beyond else limit),
        xycoords=("axes fraction", "data"),
        xytext=(0, -11 if beyond else 2),
        textcoords="offset points",
        ha="right",
        fontsize=FONT,
        color=LIGHT[word],
    )


def _or_nothing(values: Floats | None) -> Sequence[float]:
    return [] if values is None else list(values)


def _end_of(name: str, longest: int = 22) -> str:
    """The end of a host's name, which tells it from the others."""
    text = name.replace("$", "")
    return text if len(text) <= longest else f"…{text[-longest + 1 :]}"
