"""`observe bootstrap secret`: the Secret by which the tiers know one another."""

from __future__ import annotations

from pathlib import Path

import click

from observe.cli import stdout
from observe.cli.bootstrap.rendering import read_stack, stack_option
from observe.cli.console import Console
from observe.cli.options import FILE, SectionCommand, option, result_option


@click.command("secret", cls=SectionCommand, short_help="Make the Secret of the tiers.")
@stack_option
@option(
    "--tiers-password-file",
    "password_file",
    type=FILE,
    metavar="FILE",
    help="A password of your own, in a file; else one is made.",
)
@option("--receiver-file", type=FILE, metavar="FILE", help="Address or key of alerts' receiver.")
@result_option(
    "--output", type=FILE, default="observe-secret.yaml", metavar="FILE", help="File to write."
)
@click.pass_context
def secret_command(
    ctx: click.Context,
    /,
    stack: Path | None,
    password_file: Path | None,
    receiver_file: Path | None,
    output: Path,
) -> None:
    """Write a Secret with a random password and its hash to a file that only you may read.

    The same Secret goes into every cluster. The password is never printed.
    """
    from observe.bootstrap.secret import new_password, tiers_secret, write_secret
    from observe.export.yaml_io import read_text

    console = ctx.find_object(Console) or Console()
    password = read_text(password_file).strip("\r\n") if password_file else new_password()
    receiver = read_text(receiver_file).strip() if receiver_file else None
    write_secret(tiers_secret(read_stack(stack), password, receiver), output)
    stdout.write_line(output)
    console.say(f"next: kubectl apply --server-side -f {output}, in every cluster; then keep it")
    console.say("out of repositories: it holds the password")
