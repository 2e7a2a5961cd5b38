"""Options of commands that can change clusters, and the talk before a change."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial, reduce
from typing import Any

import click

from observe.cli import stdout
from observe.cli.console import Console
from observe.cli.options import FILE, FOLDER, Function, option
from observe.errors import InputError
from observe.report.escape import plain

_cluster = partial(option, section="Cluster")

_OPTIONS = (
    _cluster("--plan", is_flag=True, help="Show what would change in the cluster, and stop."),
    _cluster("--apply", is_flag=True, help="Change the cluster, after showing what changes."),
    _cluster("--yes", is_flag=True, help="Do not ask before changing; needed without a terminal."),
    _cluster(
        "--context",
        multiple=True,
        metavar="[CLUSTER=]CONTEXT",
        show_default="the current one",
        help="Context of the kubeconfig. Repeatable, with the cluster's name.",
    ),
    _cluster(
        "--kubeconfig",
        type=FILE,
        metavar="FILE",
        show_default="KUBECONFIG, ~/.kube/config",
        help="Where clusters and credentials stand.",
    ),
    _cluster("--prune", is_flag=True, help="Delete what an earlier run made and is not wanted."),
    _cluster(
        "--prune-data", is_flag=True, help="Delete namespaces, volume claims and Secrets, too."
    ),
    _cluster("--force-conflicts", is_flag=True, help="Take over fields that others have set."),
    _cluster(
        "--rollback",
        type=FILE,
        metavar="FILE",
        help="Show how to undo a run; with --apply: undo it.",
    ),
    _cluster(
        "--rollback-folder",
        type=FOLDER,
        default=".",
        metavar="DIR",
        help="Where the rollback file of this run goes.",
    ),
)


def cluster_options(function: Function) -> Function:
    """The options of all this."""
    return reduce(lambda inner, decorate: decorate(inner), reversed(_OPTIONS), function)


def wants_cluster(options: Mapping[str, Any]) -> bool:
    """Whether a cluster is to be looked at; refuses options that do nothing without it.

    Raises:
        InputError: an option is given that only has a meaning with --plan or --apply.
    """
    if options["plan"] or options["apply"] or options["rollback"]:
        if options["plan"] and (options["apply"] or options["rollback"]):
            raise InputError("--plan changes nothing and goes with neither --apply nor --rollback")
        return True
    for name in ("prune", "prune_data", "force_conflicts", "yes", "context"):
        if options[name]:
            flag = name.replace("_", "-")
            raise InputError(f"--{flag} has no effect alone", "Add --plan or --apply")
    return False


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows as a table on stdout; a cell may have several lines."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = ("\n".join(plain(line) for line in cell.split("\n")) for cell in row)
        table.add_row(*(Text(cell) for cell in cells))
    stdout.show(table, stdout.table_width())


def ask(question: str, options: Mapping[str, Any], console: Console) -> None:
    """Ask a person, unless --yes is given.

    Raises:
        InputError: there is no terminal to ask at.
        click.Abort: the answer is no.
    """
    if options["yes"]:
        return
    if not (console.interactive and sys.stdin.isatty()):
        raise InputError(
            "nothing was changed: without a terminal nobody can be asked", "Add --yes to apply"
        )
    click.confirm(question, abort=True, err=True)
