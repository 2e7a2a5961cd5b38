"""`observe bootstrap stack`: a stack file to start from."""

from __future__ import annotations

from pathlib import Path

import click

from observe.cli import stdout
from observe.cli.bootstrap.rendering import read_stack, stack_option
from observe.cli.options import SectionCommand


@click.command("stack", cls=SectionCommand, short_help="Print a stack file to start from.")
@stack_option
def stack_command(stack: Path | None) -> None:
    """Print a stack with every setting and what it means.

    observe bootstrap stack > observe-stack.yaml
    """
    from observe.bootstrap.stack_text import stack_text

    stdout.write(stack_text(read_stack(stack)))
