"""The group `observe`: common options, configuration file, and the commands in a user's order."""

from __future__ import annotations

from pathlib import Path

import click

from observe import __version__
from observe.cli.bootstrap import bootstrap_group
from observe.cli.cache import cache_command
from observe.cli.collect import collect_command
from observe.cli.config import use_config
from observe.cli.console import Console
from observe.cli.demo import demo_command
from observe.cli.doctor import doctor_command
from observe.cli.endings import ObserveGroup
from observe.cli.explain import explain_command
from observe.cli.export import export_command
from observe.cli.lint import lint_command
from observe.cli.options import FILE, option
from observe.cli.report import report_command

_EPILOG = """\b
Exit codes:
  0    done
  1    done, and --fail-on found something
  2    the command line or a file is wrong
  3    the Prometheus could not be reached, or answered in part
  130  stopped by Ctrl-C

Settings come from the command line, then OBSERVE_* variables, then the
settings file. `observe COMMAND --help` names them all.
"""


@click.group(
    "observe",
    cls=ObserveGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="observe")
@option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
@option("--debug", is_flag=True, help="Show a traceback when something fails.")
@option(
    "--config",
    type=FILE,
    metavar="FILE",
    is_eager=True,
    callback=use_config,
    show_default="observe.yaml, when there is one",
    help="Settings file.",
)
@click.pass_context
def main(
    ctx: click.Context, /, quiet: bool, verbose: bool, debug: bool, config: Path | None
) -> None:
    """Turn Istio telemetry into timeouts, with evidence, and export them as YAML.

    Start with `observe demo`: a simulated mesh, a real Prometheus and a report, on this machine.
    With a Prometheus of your own: `observe report --prometheus URL`.
    """
    del debug, config  # read where errors are handled, and by the option's callback
    ctx.obj = Console(quiet=quiet, verbose=verbose)


for _command in (
    demo_command,
    bootstrap_group,
    doctor_command,
    collect_command,
    report_command,
    explain_command,
    export_command,
    lint_command,
    cache_command,
):
    main.add_command(_command)
