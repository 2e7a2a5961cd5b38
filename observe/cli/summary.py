"""The result of a run as a table on stdout."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console as RichConsole
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from observe.cli import stdout
from observe.recommend.model import Advice
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.escape import LONGEST, shorten

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan", "ok": "green"}
_ROWS = 20
_COLUMNS = ("target", "now", "proposed", "severity", "confidence", "why")
#: From all that is worth knowing to what is indispensable.
_CHOICES = (_COLUMNS, _COLUMNS[:5], _COLUMNS[:4], _COLUMNS[:3])
_SHORTEST_NAME = 12


def print_summary(advice: Advice, folder: Path) -> None:
    """The most urgent recommendations, the counts, and where the report lies."""
    if advice.timeouts:
        width = stdout.table_width()
        stdout.show(summary_table(advice.timeouts[:_ROWS], width), width)
    more = len(advice.timeouts) - _ROWS
    if more > 0:
        stdout.write_line(f"... and {more} more in the report")
    changes = sum(r.severity != "ok" for r in advice.timeouts)
    kept = len(advice.timeouts) - changes
    stdout.write_line(
        f"{changes} to change, {kept} fit as they are, {len(advice.withheld)} withheld"
    )
    stdout.write_line((folder / "report.html").resolve().as_uri())


def summary_table(recommendations: tuple[TimeoutRecommendation, ...], width: int) -> Table:
    """As many columns as fit into `width`; names are never broken, at worst shortened."""
    for columns in _CHOICES:
        table = _table(recommendations, columns)
        needed = _needed(table)
        if needed <= width:
            return table
    longest = max(len(shorten(r.target.path)) for r in recommendations)
    return _table(recommendations, columns, max(_SHORTEST_NAME, longest - (needed - width)))


def _needed(table: Table) -> int:
    """Columns that a table takes when only its reasons may wrap, between two of them."""
    console = RichConsole(width=stdout.BOUNDLESS)
    return Measurement.get(console, console.options, table).minimum


def _table(
    recommendations: tuple[TimeoutRecommendation, ...],
    columns: tuple[str, ...],
    longest: int = LONGEST,
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name != "why", overflow="ellipsis")
    for r in recommendations:
        now = "?" if r.current is None else (r.current.get("timeout") or "none")
        path = shorten(r.target.path, longest)
        cells = (
            Text(path),
            Text(str(now)),
            Text(str(r.proposed.get("timeout", "")), style="bold"),
            Text(r.severity, style=_COLOURS[r.severity]),
            Text(r.confidence),
            Text(", ".join(r.reasons)),
        )
        table.add_row(*cells[: len(columns)])
    return table
