"""report.md: the report for a pull request or a chat, without charts and not too long."""

from __future__ import annotations

from typing import Any

from observe.report.content import Content
from observe.report.escape import code, escape_markdown
from observe.report.filters import filters

#: GitHub cuts comments at 65,536 characters; what is left out stands in report.html.
LONGEST = 65_000
#: The most of everything that is listed: rows, services told in full, rows of a namespace.
TABLE_ROWS = 50
DETAILS = 6
NAMESPACE_ROWS = 15
NAMESPACES = 8


def render_markdown(content: Content) -> str:
    """The report as GitHub-flavoured Markdown; every value in it is escaped.

    Lists are halved until the text is short enough for a comment.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("observe.report"),
        autoescape=False,  # noqa: S701 - this is no HTML; finalize escapes every expression
        finalize=_escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= filters() | {"code": code}
    template, part = made.get_template("report.md.j2"), 1
    while True:
        text: str = template.render(
            content=content,
            table_rows=max(1, TABLE_ROWS // part),
            details=max(1, DETAILS // part),
            namespace_rows=max(1, NAMESPACE_ROWS // part),
            most_namespaces=max(1, NAMESPACES // part),
        )
        if len(text) <= LONGEST or part >= TABLE_ROWS:
            return text
        part *= 2


def _escaped(value: Any) -> Any:
    return escape_markdown(value)
