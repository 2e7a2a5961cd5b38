"""The group `observe`: common options, configuration file, errors and exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from observe import __version__
from observe.cli.collect import collect_command
from observe.cli.config import read_config
from observe.cli.console import Console
from observe.cli.demo import demo_command
from observe.cli.explain import explain_command
from observe.cli.export import export_command
from observe.cli.report import report_command
from observe.errors import ObserveError

_EPILOG = """\b
Exit codes:
  0  done
  1  done, and --fail-on found something
  2  the command line or a file is wrong
  3  the Prometheus could not be reached, or answered in part
Settings come from the command line, then OBSERVE_* variables, then observe.yaml.
"""


class ObserveGroup(click.Group):
    """A group that turns errors into one line and the right exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; no traceback unless --debug."""
        try:
            return super().invoke(ctx)
        except ObserveError as error:
            if ctx.params.get("debug"):
                raise
            _console(ctx).error(error.message, error.hint)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader of our output went away (`observe ... | head`): nothing more to say.
            sys.stderr.close()
            ctx.exit(0)
        except (KeyboardInterrupt, click.Abort):
            _console(ctx).error("stopped; nothing was left half-written")
            ctx.exit(130)
        except OSError as error:
            if ctx.params.get("debug"):
                raise
            where = f" ({error.filename})" if error.filename else ""
            _console(ctx).error(f"the system refused: {error.strerror or error}{where}")
            ctx.exit(2)


def _console(ctx: click.Context) -> Console:
    return ctx.find_object(Console) or Console()


@click.group(
    cls=ObserveGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="observe")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="OBSERVE_CONFIG",
    show_envvar=True,
    help="Settings file.  [default: observe.yaml, when there is one]",
)
@click.pass_context
def main(
    ctx: click.Context, /, quiet: bool, verbose: bool, debug: bool, config: Path | None
) -> None:
    """Turn Istio telemetry into timeouts, with evidence, and export them as YAML.

    Start with `observe demo`: a simulated mesh, a real Prometheus and a report, on this machine.
    With a Prometheus of your own: `observe report --prometheus URL`.
    """
    del debug  # read from the context where errors are handled
    ctx.obj = Console(quiet=quiet, verbose=verbose)
    options = {
        str(name): frozenset(str(p.name) for p in command.params)
        for name, command in main.commands.items()
    }
    ctx.default_map = read_config(config, options)


for _command in (demo_command, collect_command, report_command, explain_command, export_command):
    main.add_command(_command)
