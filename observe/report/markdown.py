"""report.md: the report for a pull request or a chat, without charts and not too long."""

from __future__ import annotations

from typing import Any

from observe.report.content import Content
from observe.report.escape import code, escape_markdown
from observe.report.filters import filters

#: GitHub cuts comments at 65,536 characters; what is left out stands in report.html.
TABLE_ROWS = 50
DETAILS = 10
NAMESPACE_ROWS = 15
NAMESPACES = 8


def render_markdown(content: Content) -> str:
    """The report as GitHub-flavoured Markdown; every value in it is escaped."""
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
    text: str = made.get_template("report.md.j2").render(
        content=content,
        table_rows=TABLE_ROWS,
        details=DETAILS,
        namespace_rows=NAMESPACE_ROWS,
        most_namespaces=NAMESPACES,
    )
    return text


def _escaped(value: Any) -> Any:
    return escape_markdown(value)
