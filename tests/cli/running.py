"""What a command left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says what happened; there is exactly one, and it is the last."""
        lines = self.err.splitlines()
        assert [line for line in lines if line.startswith("error:")] == lines[-1:], self.err
        assert "Traceback" not in self.err
        return lines[-1].removeprefix("error: ")


Observe = Callable[..., Run]
