"""report.html: one page that needs nothing else, no script and no address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observe.report import format as fmt
from observe.report import words
from observe.report.charts import ChartPress, Charts
from observe.report.content import Content
from observe.report.escape import plain, shorten
from observe.report.evidence import evidence_facts
from observe.report.palette import css_variables
from observe.report.reason_words import reason_words
from observe.report.svg import Styles
from observe.signals.latency import TargetLatency

#: Messages are sentences of ours around label values of others.
LONGEST_MESSAGE = 600
#: Tables longer than this start closed.
LONG_TABLE = 12


def render_html(content: Content, cubes: Mapping[str, TargetLatency]) -> str:
    """The page.

    Args:
        content: what to show.
        cubes: latency by target path, for the charts; targets without one get no chart.
    """
    from markupsafe import Markup

    styles, press = Styles(), ChartPress()
    charts: dict[str, Charts] = {}
    for recommendation in content.recommendations:
        latency = cubes.get(recommendation.target.path)
        if latency is not None:
            drawn = press.charts(recommendation, latency)
            charts[recommendation.id] = Charts(
                Markup(styles.shared(drawn.tail)),  # noqa: S704 - our own SVG
                Markup(styles.shared(drawn.timeline)),  # noqa: S704 - our own SVG
            )
    page: str = (
        environment()
        .get_template("report.html.j2")
        .render(
            content=content,
            charts=charts,
            chart_css=styles.css,
            light=css_variables(0),
            dark=css_variables(1),
            long_table=LONG_TABLE,
        )
    )
    return page


def environment() -> Any:
    """Templates with the words and numbers that they may use; everything is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("observe.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= filters()
    return made


def filters() -> dict[str, Any]:
    """What both templates call: values in, plain text out."""
    return {
        "short": shorten,
        "message": lambda text: plain(shorten(text, LONGEST_MESSAGE)),
        "duration": fmt.duration_text,
        "setting": fmt.setting_text,
        "count": fmt.count_text,
        "share": fmt.share_text,
        "time": fmt.time_text,
        "span": lambda pair: fmt.span_text(*pair),
        "number": fmt.plural,
        "current": words.current_text,
        "proposed": words.proposed_text,
        "action": words.action_text,
        "effect": words.effect_text,
        "backtest": words.backtest_text,
        "derivation": words.derivation,
        "facts": evidence_facts,
        "reason": reason_words,
        "service": words.service_name,
        "place": words.place,
        "names": words.names_text,
        "sentence": sentence,
        "spark": spark_path,
    }


def spark_path(values: Sequence[float], width: int = 84, height: int = 18) -> str:
    """The `d` of an SVG path: an area of this size from 0 to the largest value."""
    top = max(values, default=0.0)
    if top <= 0:
        return f"M0 {height}H{width}"
    step = width / len(values)
    points = "".join(
        f"L{round((i + 0.5) * step, 1):g} {round(height * (1 - 0.95 * v / top), 1):g}"
        for i, v in enumerate(values)
    )
    return f"M0 {height}{points}L{width} {height}z"


def sentence(text: str) -> str:
    """The same text with a capital at the start."""
    return text[:1].upper() + text[1:]
