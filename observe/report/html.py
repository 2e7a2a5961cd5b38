"""report.html: one page that needs nothing else, no script and no address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observe.report.content import Content
from observe.report.drawings import Drawing
from observe.report.filters import filters
from observe.report.palette import css_variables
from observe.report.svg import Styles

#: Tables longer than this start closed.
LONG_TABLE = 12
#: Urgent changes that are in sight at once.
MOST_ROWS = 25
#: Services shown with charts, evidence and formulas, the most urgent ones; the others are told
#: briefly, or the page of a large mesh would take long to load.
IN_FULL = 50


def render_html(content: Content, drawings: Mapping[str, Sequence[Drawing]]) -> str:
    """The page.

    Args:
        content: what to show.
        drawings: charts by id of the recommendation; one without any gets no chart.
    """
    from markupsafe import Markup

    styles = Styles()
    charts = {
        name: [
            Drawing(Markup(styles.shared(drawing.svg)), drawing.caption)  # noqa: S704 - our own SVG
            for drawing in some
        ]
        for name, some in drawings.items()
    }
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
            most_rows=MOST_ROWS,
            in_full=IN_FULL,
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
