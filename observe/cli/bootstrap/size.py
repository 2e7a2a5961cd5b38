"""How large the mesh is: counted from a Prometheus, typed in, or assumed and said so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import click

from observe.cli.console import Console
from observe.cli.options import Function, connection_options, option, prometheus_option

if TYPE_CHECKING:
    from observe.bootstrap.sizing import MeshCounts, Sizing
    from observe.bootstrap.stack import Stack

_size = partial(option, section="Size")
_MIB, _GIB = 2**20, 2**30

_OPTIONS = (
    prometheus_option,
    _size("--services", type=click.IntRange(1, 100_000), metavar="N", help="Services a cluster."),
    _size("--pods", type=click.IntRange(1, 1_000_000), metavar="N", help="Their pods."),
    connection_options,
)


def size_options(function: Function) -> Function:
    """The options that say how large the mesh is."""
    return reduce(lambda inner, decorate: decorate(inner), reversed(_OPTIONS), function)


def read_size(stack: Stack, options: dict[str, Any], console: Console) -> Sizing:
    """Sizes of the tiers: counted, typed in, or those of a mesh that nobody counted.

    Raises:
        InputError: half of a size is typed in.
        SourceError: the Prometheus does not answer.
    """
    from observe.bootstrap.gather import size_of
    from observe.bootstrap.sizing import MeshCounts
    from observe.errors import InputError

    services, pods = options["services"], options["pods"]
    if (services is None) != (pods is None):
        raise InputError("--services and --pods belong together", "give both, or --prometheus")
    counts: Mapping[str, MeshCounts] = {}
    if services is not None:
        typed = MeshCounts.typical(services=services, pods=pods)
        counts = {cluster.name: typed for cluster in stack.clusters}
    elif options["prometheus"]:
        counts = counted(stack, options, console)
    else:
        console.warn(
            "sized for 100 services and 300 pods a cluster; "
            "--prometheus URL counts yours, --services and --pods tell them"
        )
    return size_of(stack, counts)


def counted(stack: Stack, options: dict[str, Any], console: Console) -> dict[str, MeshCounts]:
    """What each cluster holds, counted from the Prometheus servers of the options.

    A server with a name counts for that cluster; one without, for all, by the label `cluster`.

    Raises:
        InputError: a name is none of the stack's clusters.
        SourceError: a Prometheus does not answer, or holds nothing of Istio.
    """
    """Counts of each cluster, from the Prometheus servers that the options name.

    Raises:
        InputError: a name that is not in the stack.
        SourceError: a server does not answer.
    """
    from observe.bootstrap.sizing import count_mesh
    from observe.cli.wiring import addresses, connection_settings
    from observe.errors import InputError
    from observe.telemetry.client import PrometheusClient

    names = [cluster.name for cluster in stack.clusters]
    found: dict[str, MeshCounts] = {}
    with console.progress("Counting the mesh", counted=False):
        for address in addresses(options):
            if address.name and address.name not in names:
                raise InputError(
                    f"--prometheus names the cluster {address.name}, which is not in the stack",
                    f"the stack has {', '.join(names)}",
                )
            with PrometheusClient(connection_settings(options, address.url)) as client:
                if address.name or len(names) == 1:
                    found[address.name or names[0]] = count_mesh(client)
                else:
                    found |= {name: count_mesh(client, name) for name in names}
    return found


def say_sizes(size: Sizing, console: Console) -> None:
    """One line a tier: what it needs."""
    for name, tier in (("edge", size.edge), ("external", size.external)):
        console.say(
            f"{name}: {tier.series:,} series, {tier.samples_per_second:,.0f} samples/s, "
            f"{tier.memory_bytes / _MIB:,.0f} MiB memory, {tier.disk_bytes / _GIB:,.1f} GiB "
            f"disk, {tier.cpu_cores:.2f} cores"
        )
