"""Errors that a person can act on.

Every error that leaves the package says in one line what happened and what to do about it,
and carries the exit code that the command line ends with (README, "Exit codes").
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_SOURCE = 3


class ObserveError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: what happened, in one line.
        hint: what to do about it, in one line; may be empty.
    """

    exit_code = EXIT_USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class InputError(ObserveError):
    """The command line, a file or a folder given by the user is wrong (exit code 2)."""


class SourceError(ObserveError):
    """A Prometheus could not be reached, refused, or answered nonsense (exit code 3)."""

    exit_code = EXIT_SOURCE


class QueryTooLargeError(SourceError):
    """The server refused one query because of its size; a smaller one may work (HTTP 422)."""


class OutputError(ObserveError):
    """A result could not be written (exit code 2); what was there before is still there."""
