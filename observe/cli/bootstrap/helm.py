"""`observe bootstrap helm`: values of kube-prometheus-stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.bootstrap.rendering import render_tiers, rendering_options
from observe.cli.console import Console
from observe.cli.options import SectionCommand

if TYPE_CHECKING:
    from observe.bootstrap.stack import Stack


@click.command("helm", cls=SectionCommand, short_help="For kube-prometheus-stack: render values.")
@rendering_options("observe-helm")
@click.pass_context
def helm_command(ctx: click.Context, /, stack: Path | None, **options: Any) -> None:
    """Render values that make the Prometheus of kube-prometheus-stack an edge tier.

    What the chart has not (the external tier, a gate that asks for the password) is rendered as
    plain objects; --apply applies those, helm the values.
    """
    from observe.bootstrap.helm import render_helm

    console = ctx.find_object(Console) or Console()
    console.warn(
        "the chart's own port 9090 asks for no password: the NetworkPolicy leaves it open to the "
        "release's namespace"
    )
    ctx.exit(render_tiers(ctx, render_helm, stack, options, _next_steps))


def _next_steps(stack: Stack, folder: Path) -> str:
    home = stack.home_cluster.name
    return (
        f"the Secret {stack.security.secret}, kubectl apply --server-side -k "
        f"{folder / 'clusters' / home}, then helm upgrade -f {folder / 'values' / home}.yaml"
    )
