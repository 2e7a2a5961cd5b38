"""`observe bootstrap kubernetes`: manifests of the stack, a folder a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.bootstrap.rendering import render_tiers, rendering_options
from observe.cli.options import SectionCommand

if TYPE_CHECKING:
    from observe.bootstrap.stack import Stack


@click.command("kubernetes", cls=SectionCommand, short_help="Plain objects: render, apply.")
@rendering_options("observe-kubernetes")
@click.pass_context
def kubernetes_command(ctx: click.Context, /, stack: Path | None, **options: Any) -> None:
    """Render manifests with a kustomization for each cluster, or apply them.

    The tiers' Secret is referenced, never rendered: `observe bootstrap secret` makes one.
    """
    from observe.bootstrap.kubernetes import render_kubernetes

    ctx.exit(render_tiers(ctx, render_kubernetes, stack, options, _next_steps))


def _next_steps(stack: Stack, folder: Path) -> str:
    place = folder / "clusters" / stack.home_cluster.name
    return f"the Secret {stack.security.secret}, then kubectl apply --server-side -k {place}"
