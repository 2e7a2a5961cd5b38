"""What a person sees while a command runs: everything here goes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from observe.report.escape import plain

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress


class Bar:
    """One progress bar; `advance` fits the callback that the library's long functions take."""

    def __init__(self, progress: Progress | None, label: str) -> None:
        self._progress = progress
        self._label = label
        self._task = progress.add_task(label, total=None) if progress else None

    def advance(self, done: float, total: float, description: str = "") -> None:
        """Show that `done` of `total` is done."""
        from rich.markup import escape

        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task,
                completed=done,
                total=total,
                description=f"{self._label} [dim]{escape(printable(description))}[/dim]",
            )


class Console:
    """Messages, errors and progress on stderr; data never passes through here.

    Whatever is shown may hold label values or a server's words: control characters are replaced,
    and nothing in it is taken for markup.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose

    @cached_property
    def _rich(self) -> RichConsole:
        # Made when first needed: `observe --help` has no use for rich.
        from rich.console import Console as RichConsole

        class Patient(RichConsole):
            def on_broken_pipe(self) -> None:
                """Nobody reads stderr any more; the run itself goes on."""
                self.quiet = True
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())

        return Patient(stderr=True, highlight=False, soft_wrap=True)

    @property
    def interactive(self) -> bool:
        """Whether a person watches stderr."""
        return self._rich.is_terminal and not self.quiet

    def say(self, text: str) -> None:
        """A line of talk."""
        if not self.quiet:
            self._rich.print(printable(text), markup=False)

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self.verbose and not self.quiet:
            self._rich.print(printable(text), style="dim", markup=False)

    def warn(self, text: str) -> None:
        """Something the reader should know before trusting the result."""
        if not self.quiet:
            self._labelled("warning:", "yellow", text)

    def error(self, message: str, hint: str = "") -> None:
        """One line: what happened and what to do."""
        hint = f". {hint[0].upper()}{hint[1:]}" if hint else ""
        self._labelled("error:", "red", message + hint)

    def _labelled(self, label: str, colour: str, text: str) -> None:
        from rich.text import Text

        self._rich.print(Text.assemble((label, colour), " ", plain(text)))

    @contextmanager
    def progress(self, label: str, *, counted: bool = True) -> Iterator[Bar]:
        """A bar while the block runs, with an ETA where parts are counted.

        One line instead when stderr is no terminal.
        """
        if not self.interactive:
            self.say(f"{label} ...")
            yield Bar(None, label)
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        start = (TextColumn("{task.description}"), BarColumn(bar_width=20))
        parts = (MofNCompleteColumn(), TextColumn("ETA"), TimeRemainingColumn()) if counted else ()
        with Progress(*start, TimeElapsedColumn(), *parts, console=self._rich) as progress:
            yield Bar(progress, label)


def printable(text: str) -> str:
    """The text as one line that is harmless to a terminal; its indentation stays."""
    return text[: len(text) - len(text.lstrip(" "))] + plain(text)
