"""Results on stdout: whole, in any locale, and without complaint when the reader goes away."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from observe.errors import OutputError

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Width of prose when stdout is no terminal and COLUMNS does not say otherwise.
PROSE_WIDTH = 100
#: Width of tables then: a file or a pipe has no edge to wrap at.
BOUNDLESS = 10_000


def write(text: str) -> None:
    """Write text as it is.

    A closed pipe (`observe ... | head`) is no fault of the run, which goes on to its exit code.

    Raises:
        OutputError: stdout cannot be written, such as a file on a full disk.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard()
    except OSError as error:
        _discard()
        raise OutputError(
            f"the result cannot be written to standard output: {error.strerror or error}",
            "make room there, or send it elsewhere",
        ) from error


def write_line(text: object) -> None:
    """Write one line."""
    write(f"{text}\n")


def show(renderable: RenderableType, width: int | None = None) -> None:
    """Write something that rich renders, with colours on a terminal (NO_COLOR is heeded)."""
    from rich.console import Console

    # Rendered first and written by `write`: rich ends the process at a closed pipe.
    console = Console(file=sys.stdout, highlight=False, width=width or prose_width())
    with console.capture() as captured:
        console.print(renderable)
    text = captured.get()
    if not console.is_terminal:  # rich pads its cells
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    write(text)


def prose_width() -> int | None:
    """Columns for prose; None leaves it to the terminal."""
    return None if _has_edge() else PROSE_WIDTH


def table_width() -> int:
    """Columns that a table may take."""
    from rich.console import Console

    return Console(file=sys.stdout).width if _has_edge() else BOUNDLESS


def _has_edge() -> bool:
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return terminal or os.environ.get("COLUMNS", "").isdigit()


def _discard() -> None:
    """Send what is still buffered nowhere, or Python complains about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
