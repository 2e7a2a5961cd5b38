"""`observe bootstrap operator`: the stack as objects for the Prometheus Operator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.bootstrap.rendering import render_tiers, rendering_options
from observe.cli.options import SectionCommand

if TYPE_CHECKING:
    from observe.bootstrap.stack import Stack


@click.command("operator", cls=SectionCommand, short_help="For an operator: render, apply.")
@rendering_options("observe-operator")
@click.pass_context
def operator_command(ctx: click.Context, /, stack: Path | None, **options: Any) -> None:
    """Render Prometheus, monitors, scrape configs and rules for the Prometheus Operator, or apply.

    The operator has to run already. The tiers' Secret is referenced, never rendered.
    """
    from observe.bootstrap.operator import render_operator

    ctx.exit(render_tiers(ctx, render_operator, stack, options, _next_steps))


def _next_steps(stack: Stack, folder: Path) -> str:
    place = folder / "clusters" / stack.home_cluster.name
    return f"the Secret {stack.security.secret}, then kubectl apply --server-side -k {place}"
