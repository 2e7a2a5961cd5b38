"""What a person sees while a command runs: everything here goes to stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """One progress bar; `advance` fits the callback that the library's long functions take."""

    def __init__(self, progress: Progress | None, label: str) -> None:
        self._progress = progress
        self._label = label
        self._task = progress.add_task(label, total=None) if progress else None

    def advance(self, done: float, total: float, description: str = "") -> None:
        """Show that `done` of `total` is done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task,
                completed=done,
                total=total,
                description=f"{self._label} [dim]{escape(description)}[/dim]",
            )


class Console:
    """Messages, errors and progress on stderr; data never passes through here."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._rich = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self.quiet = quiet
        self.verbose = verbose

    def say(self, text: str) -> None:
        """A line of talk."""
        if not self.quiet:
            self._rich.print(escape(text))

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self.verbose and not self.quiet:
            self._rich.print(escape(text), style="dim")

    def warn(self, text: str) -> None:
        """Something the reader should know before trusting the result."""
        if not self.quiet:
            self._rich.print(f"[yellow]warning:[/yellow] {escape(_one_line(text))}")

    def error(self, message: str, hint: str = "") -> None:
        """One line: what happened and what to do."""
        text = f"{message}. {hint}" if hint else message
        self._rich.print(f"[red]error:[/red] {escape(_one_line(text))}")

    @contextmanager
    def progress(self, label: str) -> Iterator[Bar]:
        """A bar with an ETA while the block runs; none when stderr is no terminal."""
        if self.quiet or not self._rich.is_terminal:
            if not self.quiet:
                self.say(f"{label} ...")
            yield Bar(None, label)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._rich) as progress:
            yield Bar(progress, label)


def _one_line(text: str) -> str:
    return " ".join(text.split())
