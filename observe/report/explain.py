"""One target explained, for a terminal and as a picture."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from observe.errors import InputError
from observe.recommend.model import Advice, Withheld
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.charts import draw_tail, draw_timeline
from observe.report.curves import deciding_tails, hourly_lines
from observe.report.escape import plain, shorten
from observe.report.evidence import evidence_facts
from observe.report.format import count_text, duration_text, share_text
from observe.report.palette import LIGHT
from observe.report.reason_words import reason_words
from observe.report.svg import png
from observe.report.words import (
    action_text,
    backtest_text,
    current_text,
    derivation,
    effect_text,
    place,
    service_name,
)
from observe.signals.latency import TargetLatency
from observe.stats.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType
    from rich.table import Table

#: Width of the longest bar, in characters.
BAR = 24
#: Smallest share that a bar shows; bars are logarithmic.
SMALLEST = 1e-6


def find_target(advice: Advice, query: str) -> TimeoutRecommendation | Withheld:
    """The one entry that a person means.

    Args:
        advice: where to look.
        query: an id, a path such as `east/shop/payment`, its end (`shop/payment`, `payment`),
            or a host.

    Raises:
        InputError: none or several entries match.
    """
    entries = {r.id: r for r in advice.timeouts} | {
        f"{w.kind}/{w.target.path}": w for w in advice.withheld_of("timeout")
    }
    wanted = query.strip().strip("/")
    found = [
        entry
        for name, entry in entries.items()
        if wanted and (f"/{name}".endswith(f"/{wanted}") or entry.target.service == wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(shorten(entry.target.path) for entry in found[:5])
        raise InputError(
            f"'{shorten(query)}' is the name of several targets", f"say which: {names}"
        )
    paths = [entry.target.path for entry in entries.values()]
    close = get_close_matches(wanted, paths + [p.rsplit("/", 1)[-1] for p in paths], n=3)
    hint = f"did you mean {', '.join(map(shorten, close))}?" if close else "see the report's table"
    raise InputError(f"no target is called '{shorten(query)}'", hint)


def explain_text(
    item: TimeoutRecommendation | Withheld, policy: Policy, latency: TargetLatency | None
) -> RenderableType:
    """Inputs, formula and reasons of one entry, for a rich console.

    Args:
        item: a recommendation, or why there is none.
        policy: the policy it was made with.
        latency: the target's durations, for the table of buckets; None leaves it out.
    """
    from rich.console import Group
    from rich.text import Text

    heading = Text.assemble((service_name(item), "bold"), f" ({place(item)})")
    if isinstance(item, Withheld):
        words = reason_words(item.reason)
        return Group(
            heading,
            Text(f"withheld: {words.meaning} ({item.reason})"),
            Text(f"Timeout now: {current_text(item)}"),
            Text(plain(item.message)),
            Text(words.advice),
        )
    heading.append(f": {action_text(item)}; {effect_text(item)}")
    parts: list[RenderableType] = [heading, Text(plain(item.message)), Text()]
    parts += [_titled("Evidence"), _facts(item, policy), Text()]
    if latency is not None:
        name, durations = deciding_tails(latency, item)[0]
        parts += [_titled(f"Durations, {name}"), _buckets(durations), Text()]
    steps = [Text(f"{i}. {step}") for i, step in enumerate(derivation(item, policy), 1)]
    parts += [_titled("How the number came about"), *steps, Text()]
    parts += [_titled("Checked on data it did not see"), Text(backtest_text(item, policy)), Text()]
    reasons = [(code, reason_words(code)) for code in item.reasons]
    parts += [_titled(f"Why ({item.severity}, {item.confidence} confidence)")]
    parts += [Text(f"- {w.meaning} ({plain(c)}). {w.advice}".rstrip()) for c, w in reasons]
    return Group(*parts)


def explain_png(recommendation: TimeoutRecommendation, latency: TargetLatency) -> bytes:
    """Both charts of a recommendation side by side under a heading, as PNG."""
    return png(explain_figure(recommendation, latency))


def explain_figure(recommendation: TimeoutRecommendation, latency: TargetLatency) -> Figure:
    """Both charts side by side under a heading."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), facecolor="white")
    draw_tail(figure.add_axes((0.085, 0.13, 0.395, 0.64)), recommendation, latency)
    upper = figure.add_axes((0.59, 0.3, 0.395, 0.47))
    volume = figure.add_axes((0.59, 0.13, 0.395, 0.13))
    draw_timeline(upper, volume, recommendation, latency, hourly_lines(latency))
    heading = f"{service_name(recommendation)} ({place(recommendation)})"
    details = f"{action_text(recommendation)}; {effect_text(recommendation)}"
    # A `$` in a label value is no formula.
    write: dict[str, Any] = {"parse_math": False, "color": LIGHT["ink"], "ha": "left", "va": "top"}
    figure.text(0.01, 0.98, shorten(heading, 110), fontsize=13, fontweight="bold", **write)
    figure.text(0.01, 0.915, details, fontsize=10.5, **write)
    return figure


def _titled(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style="bold")


def _facts(recommendation: TimeoutRecommendation, policy: Policy) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    for fact in evidence_facts(recommendation, policy):
        table.add_row(Text(fact.name, style="dim"), Text(fact.value))
    return table


def _buckets(durations: Histogram) -> Table:
    """Requests by bucket; the bar is the share that is slower, logarithmic."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("up to", "requests", "slower"):
        table.add_column(name, justify="right")
    table.add_column(f"{share_text(SMALLEST)} to 100 %, logarithmic")
    occupied = np.flatnonzero(durations.counts > 0)
    if occupied.size == 0:
        return table
    slower = np.clip(1.0 - durations.cumulative / durations.total, 0.0, 1.0)
    slower[occupied[-1] :] = 0.0
    for i in range(occupied[0], occupied[-1] + 1):
        share = float(slower[i])
        length = 1 - np.log(share) / np.log(SMALLEST) if share > SMALLEST else 0.0
        table.add_row(
            duration_text(float(durations.bounds[i])),
            count_text(float(durations.counts[i])),
            share_text(share),
            "█" * round(BAR * length),
        )
    return table
