"""The group `observe bootstrap`: the monitoring stack, one command a target."""

from __future__ import annotations

import click

from observe.cli.bootstrap.estimate import estimate_command
from observe.cli.bootstrap.grafana import grafana_command
from observe.cli.bootstrap.helm import helm_command
from observe.cli.bootstrap.istio import istio_command
from observe.cli.bootstrap.kubernetes import kubernetes_command
from observe.cli.bootstrap.local import local_group
from observe.cli.bootstrap.operator import operator_command
from observe.cli.bootstrap.secret import secret_command
from observe.cli.bootstrap.stack import stack_command
from observe.cli.endings import OrderedGroup

_COMMANDS: tuple[click.Command, ...] = (
    estimate_command,
    local_group,
    kubernetes_command,
    operator_command,
    helm_command,
    grafana_command,
    istio_command,
    secret_command,
    stack_command,
)


@click.group(
    "bootstrap", cls=OrderedGroup, short_help="Set up two tiers of Prometheus, and Grafana."
)
def bootstrap_group() -> None:
    """Set up the stack: an edge tier that records rates, an external one that keeps them.

    No server or cluster is changed without --apply: a target prints what it would do, or renders
    the files into the folder of --output.
    """


for _command in _COMMANDS:
    bootstrap_group.add_command(_command)
