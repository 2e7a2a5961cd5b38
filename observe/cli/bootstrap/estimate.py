"""`observe bootstrap estimate`: how large both tiers get, before anything is set up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.bootstrap.rendering import read_stack, stack_option
from observe.cli.bootstrap.size import counted
from observe.cli.console import Console
from observe.cli.options import (
    SectionCommand,
    connection_options,
    option,
    prometheus_option,
    result_option,
)

if TYPE_CHECKING:
    from rich.table import Table

    from observe.bootstrap.sizing import MeshCounts, Sizing
    from observe.bootstrap.stack import Stack

_size = partial(option, section="Size")
_many = click.IntRange(0, 10_000_000)


@click.command("estimate", cls=SectionCommand, short_help="Say how large both tiers get.")
@stack_option
@prometheus_option
@_size("--services", type=click.IntRange(1, 100_000), metavar="N", help="Services called.")
@_size("--pods", type=click.IntRange(1, 1_000_000), metavar="N", help="Pods with a sidecar.")
@_size("--calls", type=_many, metavar="N", show_default="3 x services", help="Who calls whom.")
@_size(
    "--outcomes",
    type=click.FloatRange(1, 100),
    default=3.0,
    metavar="N",
    help="Response codes and flags by call, on average.",
)
@_size("--gateways", type=_many, default=2, metavar="N", help="Pods of gateways.")
@_size("--nodes", type=_many, metavar="N", show_default="pods / 20", help="Nodes.")
@_size(
    "--envoy-clusters",
    type=_many,
    default=0,
    metavar="N",
    help="Upstream clusters that each proxy is told to show statistics of.",
)
@result_option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    help="What to print.",
)
@connection_options
@click.pass_context
def estimate_command(ctx: click.Context, /, stack: Path | None, form: str, **options: Any) -> None:
    """Estimate series, samples, disk, memory and CPU of both tiers, and what a pod asks for.

    Counted from a Prometheus that sees the mesh (--prometheus), or from numbers typed in, which
    are those of each cluster.
    """
    from observe.bootstrap.sizing import estimate

    console = ctx.find_object(Console) or Console()
    wanted = read_stack(stack)
    counts = _counts(wanted, options, console)
    sizing = estimate(counts, wanted)
    if form == "json":
        stdout.write_line(_json(counts, sizing))
    else:
        stdout.show(_table(sizing, wanted), stdout.table_width())
        console.say("Measured against real servers: docs/bootstrap.md, Sizes.")


def _counts(stack: Stack, options: dict[str, Any], console: Console) -> Mapping[str, MeshCounts]:
    """Of each cluster.

    Raises:
        InputError: neither a Prometheus nor a size is given, or both, or half of a size.
        SourceError: a Prometheus does not answer.
    """
    from observe.bootstrap.sizing import MeshCounts
    from observe.errors import InputError

    services, pods = options["services"], options["pods"]
    if options["prometheus"]:
        if services is not None or pods is not None:
            raise InputError("a size is typed in and a Prometheus is given", "give one of them")
        return counted(stack, options, console)
    if services is None or pods is None:
        raise InputError(
            "the size of the mesh is not known", "give --prometheus URL, or --services and --pods"
        )
    names = ("services", "pods", "calls", "outcomes", "gateways", "nodes", "envoy_clusters")
    typed = MeshCounts.typical(**{name: options[name] for name in names})
    return {cluster.name: typed for cluster in stack.clusters}


def _json(counts: Mapping[str, MeshCounts], sizing: Sizing) -> str:
    import json

    from observe.bootstrap.sizing import resources

    def plain(model: Any) -> Any:
        return model.model_dump(by_alias=True)

    return json.dumps(
        {
            "counts": {name: plain(each) for name, each in counts.items()},
            "sizing": plain(sizing),
            "resources": {
                "edge": plain(resources(sizing.edge)),
                "external": plain(resources(sizing.external)),
            },
        },
        indent=2,
    )


def _table(sizing: Sizing, stack: Stack) -> Table:
    from rich.table import Table

    from observe.bootstrap.sizing import TierSize, resources

    def column(size: TierSize, retention: str) -> list[str]:
        asked = resources(size)
        return [
            f"{size.series:,}",
            f"{size.samples_per_second:,.0f}",
            f"{size.disk_bytes / 2**30:,.1f} GiB for {retention}",
            f"{size.memory_bytes / 2**20:,.0f} MiB",
            f"{size.cpu_cores:.2f} cores",
            asked.cpu_request,
            f"{asked.memory_request} to {asked.memory_limit}",
            asked.storage,
        ]

    names = (
        *("series", "samples/s", "disk", "memory", "CPU"),
        *("CPU request", "memory request to limit", "volume"),
    )
    several = len(stack.clusters) > 1 or stack.edge.replicas > 1
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("edge, each server" if several else "edge", justify="right")
    table.add_column("external", justify="right")
    edge = column(sizing.edge, stack.edge.retention)
    external = column(sizing.external, stack.external.retention)
    for row in zip(names, edge, external, strict=True):
        table.add_row(*row)
    return table
