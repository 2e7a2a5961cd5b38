"""What the targets that render a folder share: options, sizes, checks, writing, what is said."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli import stdout
from observe.cli.bootstrap.size import read_size, say_sizes, size_options
from observe.cli.cluster import cluster_options, wants_cluster
from observe.cli.console import Console
from observe.cli.options import FILE, option, output_option, result_option

if TYPE_CHECKING:
    from observe.bootstrap.rendered import Change, Rendered
    from observe.bootstrap.stack import Stack
    from observe.bootstrap.tiers import Tiers

_Decorator = Callable[[Any], Any]

stack_option = option(
    "--stack",
    type=FILE,
    metavar="FILE",
    show_default="observe-stack.yaml, when there is one",
    help="What is wanted; `observe bootstrap stack` prints one to start from.",
)


def rendering_options(folder: str) -> _Decorator:
    """The options of a target whose result is a folder, and objects in clusters.

    Args:
        folder: default of `--output`.
    """
    parts: list[_Decorator] = [
        stack_option,
        output_option(folder),
        result_option("--diff", "show_diff", is_flag=True, help="Print what would change."),
        size_options,
        cluster_options,
    ]
    return lambda function: reduce(lambda inner, part: part(inner), reversed(parts), function)


def read_stack(path: Path | None) -> Stack:
    """The stack of a file, of `observe-stack.yaml` here, or the default one.

    Raises:
        InputError: the file is missing or wrong.
    """
    from observe.bootstrap.config import load_stack
    from observe.bootstrap.stack import Stack

    usual = Path("observe-stack.yaml")
    chosen = path or (usual if usual.is_file() else None)
    return load_stack(chosen) if chosen else Stack()


def render_tiers(
    ctx: click.Context,
    render: Callable[[Stack, Tiers], dict[str, str]],
    path: Path | None,
    options: dict[str, Any],
    next_steps: Callable[[Stack, Path], str],
) -> int:
    """Render both tiers with one target's function, and deliver what comes out.

    Args:
        ctx: of the command.
        render: stack and tiers → files.
        path: `--stack`.
        options: those of :func:`rendering_options`.
        next_steps: what to do with the folder, in words.

    Returns:
        The exit code.
    """
    from observe.bootstrap.gather import tiers_of
    from observe.cli.apply import apply_rendered
    from observe.cli.rollback import roll_back_file

    console = ctx.find_object(Console) or Console()
    if options["rollback"]:
        wants_cluster(options)
        return roll_back_file(options, console)
    stack = read_stack(path)
    size = read_size(stack, options, console)
    files = render(stack, tiers_of(stack, size))
    say_sizes(size, console)
    warn_of_stack(stack, console)
    if wants_cluster(options):
        check(files, console)
        console.say(
            f"needed in namespace {stack.namespace} of every cluster: the Secret "
            f"{stack.security.secret} (observe bootstrap secret)"
        )
        return apply_rendered(by_cluster(files, stack), stack.namespace, options, console)
    finish_rendering(files, options, console, next_steps(stack, options["output"]))
    return 0


def by_cluster(files: Rendered, stack: Stack) -> dict[str, dict[str, str]]:
    """The files of each cluster of the stack, below `clusters/<name>/`."""
    return {
        cluster.name: {
            path: text
            for path, text in files.items()
            if path.startswith(f"clusters/{cluster.name}/")
        }
        for cluster in stack.clusters
    }


def finish_rendering(
    files: Rendered, options: dict[str, Any], console: Console, next_steps: str
) -> None:
    """Check what was rendered, then write it or print the difference.

    Raises:
        InputError: a file is refused by the program that will read it.
        OutputError: the folder cannot be written, or holds files of someone else.
    """
    from observe.bootstrap.rendered import changes, write_rendered

    check(files, console)
    folder: Path = options["output"]
    if options["show_diff"]:
        found = changes(files, folder)
        stdout.write("".join(change.diff for change in found))
        console.say(f"{folder}: {_counted_changes(found)}" if found else f"{folder}: no change")
        return
    found = write_rendered(files, folder)
    stdout.write_line(folder)
    console.say(f"{len(files)} files, {_counted_changes(found)}" if found else "no change")
    if next_steps:
        console.say(f"next: {next_steps}")


def check(files: Rendered, console: Console) -> None:
    """Have promtool and amtool read everything; without them, say that nobody did.

    Raises:
        InputError: something is refused.
    """
    from observe.bootstrap.binaries import find_binary
    from observe.bootstrap.config import check_tree
    from observe.errors import InputError, ObserveError

    try:
        for program in ("promtool", "amtool"):
            find_binary(program)
    except ObserveError as error:
        console.warn(f"not checked: {error.message}")
        return
    problems = check_tree(files)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        first = problems[0]
        # the programs name the file themselves, mostly
        said = first.message.removeprefix(f"{first.file}: ")
        raise InputError(f"{first.file}: {said}{more}", "nothing was written")


def warn_of_stack(stack: Stack, console: Console) -> None:
    """What is allowed, and should be known before it is applied."""
    if stack == type(stack)():
        console.warn(
            f"the stack is the default one: a single cluster named {stack.home_cluster.name}; "
            "clusters[].name should be Istio's multiCluster.clusterName"
        )
    from observe.bootstrap.objectives import bounds_around_latency

    around = bounds_around_latency(stack)
    if around:
        console.warn(
            f"objectives.latencyMs {stack.objectives.latency_ms:.15g} is no upper end of Istio's "
            f"default buckets (next to it: {around[0]:.15g} and {around[1]:.15g}): unless your "
            "mesh has such a bucket, nothing is measured against it"
        )
    for cluster in stack.clusters:
        if cluster.name == stack.home_cluster.name:
            continue
        federated = stack.external.transport == "federate"
        url = cluster.edge_url if federated else stack.external.write_url
        if stack.security.auth == "basic" and (url or "").startswith("http://"):
            console.warn(f"{url} sends the password of cluster {cluster.name} unencrypted")
        if stack.external.alertmanager_url is None:
            console.warn(
                f"alerts of the edge tier in {cluster.name} stay there: external.alertmanagerUrl "
                "says where they go"
            )


def _counted_changes(found: list[Change]) -> str:
    verbs = {"add": "added", "change": "changed", "remove": "removed"}
    counts = {verb: sum(c.action == action for c in found) for action, verb in verbs.items()}
    return ", ".join(f"{count} {verb}" for verb, count in counts.items() if count)
