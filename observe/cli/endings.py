"""How a run ends: each error as one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import io
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.core import ParameterSource

from observe.cli.console import Console
from observe.errors import EXIT_DONE, EXIT_USAGE, ObserveError

#: As shells have it: 128 and the number of SIGINT.
EXIT_INTERRUPTED = 130
#: A defect of this program (EX_SOFTWARE of sysexits.h).
EXIT_DEFECT = 70

_STOPPED = (KeyboardInterrupt, click.Abort)


class OrderedGroup(click.Group):
    """A group that lists its commands as they were added, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in that order."""
        return list(self.commands)


class ObserveGroup(OrderedGroup):
    """A group whose commands end in one line and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error becomes its line and exit code."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, SystemExit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            ctx.exit(end(error, ctx.find_object(Console) or Console()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Entry point; see :meth:`click.Command.main`."""

        def run() -> Any:
            return super(ObserveGroup, self).main(args, prog_name, complete_var, False, **extra)

        if not standalone_mode:
            return run()
        _accept_any_character()
        with _termination_unwinds(), warnings.catch_warnings():
            if not sys.warnoptions:  # libraries talk to programmers; `python -W` shows it
                warnings.simplefilter("ignore")
            sys.exit(_exit_code(run))


def _exit_code(run: Callable[[], Any]) -> int:
    try:
        code = run()
    except (click.ClickException, ObserveError, *_STOPPED) as error:
        return end(error, Console())  # before any command ran: options, configuration
    return code if isinstance(code, int) else EXIT_DONE


def end(error: BaseException, console: Console) -> int:
    """Say what happened in one line.

    Returns:
        The exit code.
    """
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # `observe` alone: the help, as everywhere
        return EXIT_USAGE
    if isinstance(error, _STOPPED):
        if console.interactive:
            console.say("")  # the terminal shows ^C on this line
        console.error("stopped; nothing was left half-written")
        return EXIT_INTERRUPTED
    if isinstance(error, ObserveError):
        console.error(error.message, error.hint)
        return error.exit_code
    message, hint, code = _foreign(error)
    console.error(message, hint)
    return code


def _foreign(error: BaseException) -> tuple[str, str, int]:
    """Message, hint and exit code of an error that is not ours."""
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "observe"
        message = _usage_message(error).rstrip(".")
        return message, f"See '{command} --help'", EXIT_USAGE
    if isinstance(error, click.ClickException):
        return error.format_message(), "", EXIT_USAGE
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"the system refused: {error.strerror or error}{where}", "", EXIT_USAGE
    if isinstance(error, MemoryError):
        return "there is not enough memory", "Ask for a shorter --window", EXIT_USAGE
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    return (
        f"this is a defect of observe: {type(error).__name__}: {error}{place}",
        "Run it again as 'observe --debug ...' and report what it prints",
        EXIT_DEFECT,
    )


def _usage_message(error: click.UsageError) -> str:
    """Click's words, and where the value stands when not on the command line."""
    message = error.format_message()
    if not isinstance(error, click.BadParameter) or not (error.ctx and error.param):
        return message
    source = error.ctx.get_parameter_source(error.param.name or "")
    if source is ParameterSource.DEFAULT_MAP:
        return f"{message.rstrip('.')} (from the settings file)"
    if source is ParameterSource.ENVIRONMENT and str(error.param.envvar) not in message:
        return f"{message.rstrip('.')} (from {error.param.envvar})"
    return message


def _accept_any_character() -> None:
    """Show a question mark rather than fail where the locale has no such character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _termination_unwinds(
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGHUP),
) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the run as Ctrl-C does: children stopped, partial files gone."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, leave) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
