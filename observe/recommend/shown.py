"""Advice at a glance, for a notebook or a debugger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from observe.recommend.base_model import SEVERITIES, Recommendation

if TYPE_CHECKING:
    from observe.recommend.model import Advice

#: Rows of the table; the rest is counted.
ROWS = 20


def advice_line(advice: Advice) -> str:
    """The window, and how many recommendations of which kind and severity."""
    window, made = advice.window, advice.recommendations
    severities = Counter(r.severity for r in made)
    urgent = ", ".join(f"{severities[s]} {s}" for s in reversed(SEVERITIES) if severities[s])
    counts = [
        f"{len(made)} recommendations" + (f" ({urgent}; {_kinds(made)})" if made else ""),
        f"{len(advice.withheld)} withheld",
        f"{len(advice.plan)} changed by the plan",
    ]
    missing = [f"{len(advice.missing)} pieces missing"] if advice.missing else []
    return (
        f"<Advice {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC: "
        f"{', '.join(counts + missing)}>"
    )


def advice_html(advice: Advice) -> str:
    """:func:`advice_line` above a table of the most urgent recommendations."""
    cells = [(r.id, r.severity, r.confidence, r.message) for r in advice.recommendations[:ROWS]]
    head = _row("th", ("recommendation", "severity", "confidence", "why"))
    rows = "".join(_row("td", row) for row in cells)
    more = len(advice.recommendations) - ROWS
    note = f"<p>{more} more</p>" if more > 0 else ""
    return f"<p>{escape(advice_line(advice))}</p><table>{head}{rows}</table>{note}"


def _kinds(made: Iterable[Recommendation]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(r.kind for r in made).items())


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
