"""The diagnosis as a table, with the settings to copy below it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from observe.doctor.model import Check, Diagnosis
from observe.report.escape import plain

_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "bold red"}


def render(diagnosis: Diagnosis) -> RenderableType:
    """One server: what was looked at, in order, then the settings."""
    return Group(*_parts(diagnosis))


def _parts(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    yield Text(plain(diagnosis.url), style="bold")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("found")
    table.add_column("what to do")
    for check in diagnosis.checks:
        table.add_row(
            Text(plain(check.name)),
            Text(check.status, style=_COLOURS[check.status]),
            Text(plain(check.found)),
            Text(plain(check.fix)),
        )
    yield table
    for check in diagnosis.checks:
        if check.setting:
            yield _setting(check)


def _setting(check: Check) -> RenderableType:
    """A block to copy: its lines are never wrapped."""
    title = Text(f"\nFor {check.name}:", style="bold")
    body = Text(check.setting.rstrip("\n"), no_wrap=True, overflow="ignore")
    return Group(title, Padding(body, (0, 0, 0, 2)))
