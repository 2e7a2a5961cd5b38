"""`--plan` and `--apply`: rendered objects into clusters, for every command that has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observe.cli.cluster import ask, show_table
from observe.cli.console import Console
from observe.cli.endings import EXIT_INTERRUPTED
from observe.errors import EXIT_DONE, InputError

if TYPE_CHECKING:
    from observe.apply.cluster import Cluster
    from observe.apply.model import Outcome, Plan


@dataclass(frozen=True)
class _Target:
    """One cluster with its plan."""

    cluster: Cluster
    plan: Plan


def apply_rendered(
    clusters: Mapping[str, Mapping[str, str]],
    owner: str,
    options: Mapping[str, Any],
    console: Console,
) -> int:
    """Plan, and with --apply execute, what is rendered for each cluster.

    Args:
        clusters: name of each cluster, and its YAML files (path → text).
        owner: who owns the objects; the same in each run.
        options: those of `cluster_options`.
        console: for talk and the question.

    Returns:
        The exit code.

    Raises:
        InputError: contexts that do not fit, invalid objects, or no `--yes` where nobody can
            be asked.
        ClusterError: a cluster refused. What was done is said before.
    """
    from observe.apply.cluster import connect
    from observe.apply.objects import read_objects
    from observe.apply.plan import make_plan

    contexts = _contexts(list(clusters), options["context"])
    objects = {name: read_objects(clusters[name]) for name in contexts}
    targets = []
    for name, context in contexts.items():
        cluster = connect(context, options["kubeconfig"])
        with console.progress(f"Planning {name}") as bar:
            plan = make_plan(
                cluster,
                objects[name],
                owner,
                prune_data=options["prune_data"],
                progress=bar.advance,
            )
        targets.append(_Target(cluster, plan))
    _require_different(targets)
    for target in targets:
        _show_plan(target.plan, options, console)
    if not options["apply"]:
        return EXIT_DONE
    return _execute_all(targets, options, console)


def _contexts(clusters: Sequence[str], given: Sequence[str]) -> dict[str, str | None]:
    """The context of each cluster that is meant.

    Raises:
        InputError: it is not clear which context is which cluster.
    """
    if len(clusters) == 1 and len(given) <= 1:
        text = given[0] if given else None
        prefix = f"{clusters[0]}="
        return {clusters[0]: text.removeprefix(prefix) if text else None}
    chosen: dict[str, str | None] = {}
    for text in given:
        name, _, context = text.partition("=")
        if name not in clusters or not context:
            names = ", ".join(clusters)
            raise InputError(
                f"--context {text} names none of the clusters {names}",
                f"Write it CLUSTER=CONTEXT, such as {clusters[0]}=...",
            )
        if name in chosen:
            raise InputError(f"--context is given twice for cluster {name}")
        chosen[name] = context
    if not chosen:
        raise InputError(
            f"there are {len(clusters)} clusters: {', '.join(clusters)}",
            "Say which context is which: --context CLUSTER=CONTEXT, once for each to change",
        )
    return chosen


def _require_different(targets: Sequence[_Target]) -> None:
    """Two plans for one cluster would prune one another's objects."""
    seen: dict[str, str] = {}
    for target in targets:
        identity = target.cluster.uid or target.cluster.server
        if identity in seen:
            raise InputError(
                f"contexts {seen[identity]} and {target.cluster.name} are the same cluster",
                "Give each cluster a context of its own",
            )
        seen[identity] = target.cluster.name


def _show_plan(plan: Plan, options: Mapping[str, Any], console: Console) -> None:
    from observe.apply.words import COLUMNS, plan_rows, plan_summary

    rows = plan_rows(plan, prune=options["prune"])
    if rows:
        show_table(COLUMNS, rows)
    for warning in plan.warnings:
        console.warn(warning)
    console.say(plan_summary(plan, prune=options["prune"]))


def _execute_all(targets: Sequence[_Target], options: Mapping[str, Any], console: Console) -> int:
    from observe.apply.execute import execute, require_no_conflicts

    prune, force = options["prune"], options["force_conflicts"]
    for target in targets:
        require_no_conflicts(target.plan, force_conflicts=force)
    if not any(target.plan.to_do(prune=prune) for target in targets):
        console.say("nothing to change")
        return EXIT_DONE
    ask("Apply this?", options, console)
    for index, target in enumerate(targets):
        moment = datetime.now(UTC)
        name = f"observe-rollback-{target.plan.owner}-{index}-{moment:%Y%m%dT%H%M%SZ}.json"
        with console.progress(f"Applying to {target.cluster.name}") as bar:
            outcome = execute(
                target.cluster,
                target.plan,
                Path(options["rollback_folder"]) / name,
                moment,
                prune=prune,
                force_conflicts=force,
                progress=bar.advance,
            )
        code = _tell(target, outcome, [t.cluster.name for t in targets[index + 1 :]], console)
        if code != EXIT_DONE:
            return code
    return EXIT_DONE


def _tell(target: _Target, outcome: Outcome, later: Sequence[str], console: Console) -> int:
    """Say how it went; an error is raised after that.

    These lines are shown with --quiet too where the run stopped: somebody has to act on them.
    """
    from observe.apply.words import outcome_lines

    stopped = outcome.error is not None or outcome.interrupted
    lines = [f"cluster {target.cluster.name}: {line}" for line in outcome_lines(outcome)]
    if stopped and later:
        lines.append(f"not begun: {', '.join(later)}")
    for line in lines:
        (console.error if stopped and console.quiet else console.say)(line)
    if outcome.error is not None:
        raise outcome.error
    return EXIT_INTERRUPTED if outcome.interrupted else EXIT_DONE
