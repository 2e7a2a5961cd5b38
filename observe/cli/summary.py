"""The result of a run as a table on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console as RichConsole
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from observe.cli import stdout
from observe.recommend.model import Advice
from observe.report.content import policy_of
from observe.report.escape import LONGEST, shorten
from observe.report.parts import Entry, entries_of

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan", "ok": "green"}
_ROWS = 20
_COLUMNS = ("target", "setting", "now", "proposed", "severity", "confidence", "why")
#: From all that is worth knowing to what is indispensable.
_CHOICES = (
    _COLUMNS,
    _COLUMNS[:6],
    _COLUMNS[:5],
    ("target", "setting", "proposed", "severity"),
)
_SHORTEST_NAME = 12
#: Between two columns.
_GAP = 2


def print_summary(advice: Advice, folder: Path) -> None:
    """The most urgent changes, the counts, and where the report lies."""
    entries = entries_of(advice, policy_of(advice))
    changes = [entry for entry in entries if entry.severity != "ok"]
    if changes:
        width = stdout.table_width()
        stdout.show(summary_table(changes[:_ROWS], width), width)
    more = len(changes) - _ROWS
    if more > 0:
        stdout.write_line(f"... and {more} more in the report")
    kept = len(entries) - len(changes)
    stdout.write_line(
        f"{len(changes)} to change, {kept} fit as they are, {len(advice.withheld)} withheld"
    )
    stdout.write_line((folder / "report.html").resolve().as_uri())


def summary_table(entries: Sequence[Entry], width: int) -> Table:
    """As many columns as fit into `width`; names are never broken, at worst shortened."""
    for columns in _CHOICES:
        needed = _needed(entries, columns)
        if needed <= width:
            return _table(entries, columns)
    longest = max(len(shorten(entry.recommendation.target.path)) for entry in entries)
    return _table(entries, columns, max(_SHORTEST_NAME, longest - (needed - width)))


def _needed(entries: Sequence[Entry], columns: Sequence[str]) -> int:
    """Columns that a table takes when only its reasons may wrap, between two of them."""
    console = RichConsole(width=stdout.BOUNDLESS)
    table = _table(entries, [name for name in columns if name != "why"])
    whole = Measurement.get(console, console.options, table).maximum
    if "why" not in columns:
        return whole
    reasons = _table(entries, ["why"])
    return whole + _GAP + Measurement.get(console, console.options, reasons).minimum


def _table(entries: Sequence[Entry], columns: Sequence[str], longest: int = LONGEST) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name != "why", overflow="ellipsis")
    for entry in entries:
        r, lines = entry.recommendation, entry.lines
        cells = {
            "target": Text(shorten(r.target.path, longest)),
            "setting": Text(entry.name),
            "now": Text("?" if r.current is None else lines.now),
            "proposed": Text(lines.proposed, style="bold"),
            "severity": Text(r.severity, style=_COLOURS[r.severity]),
            "confidence": Text(r.confidence),
            "why": Text(", ".join(r.reasons)),
        }
        table.add_row(*(cells[name] for name in columns))
    return table
