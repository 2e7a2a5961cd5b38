"""`observe bootstrap istio`: what the mesh has to be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from observe.cli.bootstrap.rendering import finish_rendering, read_stack, stack_option
from observe.cli.console import Console
from observe.cli.options import SectionCommand, output_option, result_option


@click.command("istio", cls=SectionCommand, short_help="Render what the mesh has to be told.")
@stack_option
@output_option("observe-istio")
@result_option("--diff", "show_diff", is_flag=True, help="Print what would change.")
@click.pass_context
def istio_command(ctx: click.Context, /, stack: Path | None, **options: Any) -> None:
    """Render the settings that make proxies show retries, overflows and ejections.

    As Helm values of istiod, as an overlay for istioctl, and as an annotation of one workload.
    """
    from observe.bootstrap.istio.render import render_istio

    console = ctx.find_object(Console) or Console()
    files = render_istio(read_stack(stack))
    finish_rendering(files, options, console, "merge istiod-values.yaml into the values of istiod")
