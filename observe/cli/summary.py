"""The result of a run as a table on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console as RichConsole
from rich.markup import escape
from rich.table import Table

from observe.recommend.model import Advice, Recommendation

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan", "ok": "green"}
_ROWS = 20


def print_summary(advice: Advice, folder: Path) -> None:
    """The most urgent recommendations, the counts, and where the report lies."""
    console = RichConsole(file=sys.stdout, highlight=False)
    if advice.recommendations:
        console.print(_table(advice.recommendations[:_ROWS]))
    more = len(advice.recommendations) - _ROWS
    if more > 0:
        click.echo(f"... and {more} more in the report")
    changes = sum(r.severity != "ok" for r in advice.recommendations)
    kept = len(advice.recommendations) - changes
    click.echo(f"{changes} to change, {kept} fit as they are, {len(advice.withheld)} withheld")
    click.echo(f"{(folder / 'report.html').resolve().as_uri()}")


def _table(recommendations: tuple[Recommendation, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("target", "now", "proposed", "severity", "confidence", "why"):
        table.add_column(name, overflow="fold")
    for r in recommendations:
        colour = _COLOURS[r.severity]
        now = "?" if r.current is None else (r.current.get("timeout") or "none")
        table.add_row(
            escape(r.target.path),
            escape(str(now)),
            f"[bold]{escape(str(r.proposed.get('timeout', '')))}[/bold]",
            f"[{colour}]{r.severity}[/{colour}]",
            r.confidence,
            escape(", ".join(r.reasons)),
        )
    return table
