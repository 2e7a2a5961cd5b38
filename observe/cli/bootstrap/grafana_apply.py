"""The talk with a person around a change of a Grafana."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observe.cli.cluster import ask, show_table
from observe.cli.console import Console
from observe.errors import EXIT_DONE, EXIT_SOURCE, InputError

if TYPE_CHECKING:
    from observe.grafana.provision.model import Plan, Resource
    from observe.grafana.provision.server import GrafanaSettings


def apply_to_grafana(
    settings: GrafanaSettings,
    resources: tuple[Resource, ...],
    options: Mapping[str, Any],
    console: Console,
) -> int:
    """Show the plan; with --apply carry it out, after the rollback file is written.

    Returns:
        The exit code.

    Raises:
        InputError: something of somebody else is in the way, or nobody can be asked.
        SourceError: the Grafana cannot be reached, or refused; what was done is said before.
    """
    from observe.grafana.provision.execute import execute, to_do
    from observe.grafana.provision.plan import make_plan
    from observe.grafana.provision.rollback import rollback_of, write_rollback
    from observe.grafana.provision.server import GrafanaServer

    server = GrafanaServer(settings)
    with console.progress("Reading Grafana", counted=False):
        plan = make_plan(server, resources)
    _show(plan, prune=options["prune"], console=console)
    if not options["apply"]:
        return EXIT_DONE
    _require_no_conflict(plan)
    actions = to_do(server, plan, prune=options["prune"])
    if not actions:
        return EXIT_DONE
    ask("Apply this?", options, console)
    moment = datetime.now(UTC)
    back = Path(options["rollback_folder"]) / f"observe-grafana-{moment:%Y%m%dT%H%M%SZ}.json"
    write_rollback(back, rollback_of(server, actions))
    with console.progress("Changing Grafana") as bar:
        outcome = execute(server, actions, bar.advance)
    console.say(f"{len(outcome.done)} of {len(actions)} done; the way back: --rollback {back}")
    if outcome.error is not None:
        raise outcome.error
    return EXIT_DONE


def roll_back_grafana(
    settings: GrafanaSettings, options: Mapping[str, Any], console: Console
) -> int:
    """Show what a rollback file would put back; with --apply do it.

    Returns:
        The exit code: 3 when something could not be put back.
    """
    from observe.grafana.provision.rollback import read_rollback, undo
    from observe.grafana.provision.server import GrafanaServer

    rollback = read_rollback(options["rollback"])
    rows = [
        ("delete" if step.before is None else "put back", step.kind.words, step.uid, step.title)
        for step in reversed(rollback.steps)
    ]
    show_table(("action", "kind", "uid", "title"), rows)
    if not options["apply"]:
        console.say("nothing was changed: add --apply")
        return EXIT_DONE
    ask("Undo this?", options, console)
    undone = undo(GrafanaServer(settings), rollback)
    failed = [each for each in undone if each.problem]
    for each in failed:
        console.warn(f"{each.step.kind.words} {each.step.title}: {each.problem}")
    console.say(f"{len(undone) - len(failed)} of {len(undone)} put back")
    return EXIT_SOURCE if failed else EXIT_DONE


def _show(plan: Plan, *, prune: bool, console: Console) -> None:
    from observe.grafana.provision.model import Verb

    shown = [a for a in plan.actions if a.verb is not Verb.UNCHANGED]
    rows = [
        (
            a.verb.value if a.verb is not Verb.PRUNE or prune else "(prune)",
            a.kind.words,
            a.uid,
            a.title,
            a.why or (a.resource.digest if a.resource else ""),
        )
        for a in shown
    ]
    if rows:
        show_table(("action", "kind", "uid", "title", "why"), rows)
    same = len(plan.of(Verb.UNCHANGED))
    version = f" (Grafana {plan.version})" if plan.version else ""
    console.say(
        f"{len(plan.of(Verb.CREATE))} to create, {len(plan.of(Verb.UPDATE))} to update, "
        f"{same} unchanged{version}"
    )
    left = len(plan.of(Verb.PRUNE))
    if left and not prune:
        console.say(f"{left} made earlier and not wanted any more: --prune deletes them")


def _require_no_conflict(plan: Plan) -> None:
    from observe.grafana.provision.model import Verb

    conflicts = plan.of(Verb.CONFLICT)
    if conflicts:
        first = conflicts[0]
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        raise InputError(
            f"nothing was changed: {first.kind.words} {first.title}{more} is in the way",
            first.why,
        )
