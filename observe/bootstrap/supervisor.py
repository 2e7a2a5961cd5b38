"""A child process that cannot outlive its parent.

The child runs under a small shell that holds the read end of a pipe. The pipe closes when the
parent asks for it *and* when the parent dies, however it dies, so stopping and being orphaned
are one path: the shell sends SIGTERM. Nothing is registered at interpreter exit, and no code runs
between fork and exec, so that threads of the parent do no harm.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

# The background job of a POSIX shell reads /dev/null, hence the detour over descriptor 3.
_SHELL = """
exec 3<&0
"$@" </dev/null 3<&- & child=$!
(read -r _ <&3; kill -TERM "$child") & watcher=$!
exec 3<&-
wait "$child"; status=$?
kill -TERM "$watcher" 2>/dev/null
exit "$status"
"""


class Supervised:
    """One running child in a session of its own, so that a terminal's Ctrl-C spares it.

    Args:
        command: program and arguments.
        log: file that receives stdout and stderr; replaced.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        log.write_bytes(b"")
        with log.open("ab") as sink:  # appended to, so that it may be cut while it is written
            self._process = subprocess.Popen(  # noqa: S603 - no shell text is built from input
                ["/bin/sh", "-c", _SHELL, "observe-supervisor", *command],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the shell, which leads the group that the child is in."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """Exit status as the shell gives it (128 + signal), None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int = 1) -> list[str]:
        """The last lines of the log that are not empty, oldest first."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.strip()][-count:]

    def stop(self, grace_seconds: float = 15.0) -> None:
        """SIGTERM, and SIGKILL to the whole group when that was not enough; safe to repeat."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        except BaseException:  # a second Ctrl-C while waiting must not leave the child behind
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            raise
