"""`--rollback FILE`: undo what a run changed in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.cli.cluster import ask, show_table
from observe.cli.console import Console
from observe.cli.endings import EXIT_INTERRUPTED
from observe.errors import EXIT_DONE, InputError


def roll_back_file(options: Mapping[str, Any], console: Console) -> int:
    """Show how the run of a rollback file is undone; with --apply, undo it.

    Returns:
        The exit code.

    Raises:
        InputError: no rollback file, or one of another cluster.
        ClusterError: objects are not as the run left them, or the cluster refused.
    """
    from observe.apply.cluster import connect
    from observe.apply.record import load_record
    from observe.apply.rollback import plan_rollback, roll_back
    from observe.apply.words import UNDO_COLUMNS, undo_rows

    record = load_record(options["rollback"])
    if len(options["context"]) > 1:
        raise InputError("a rollback file is of one cluster", "Give one --context")
    context = options["context"][0].rpartition("=")[2] if options["context"] else record.cluster
    cluster = connect(context, options["kubeconfig"])
    force = options["force_conflicts"]
    undos = plan_rollback(cluster, record, prune_data=options["prune_data"], force_conflicts=force)
    show_table(UNDO_COLUMNS, undo_rows(undos))
    to_do = [undo for undo in undos if undo.action != "keep"]
    if not to_do:
        console.say("nothing to undo")
    elif options["apply"]:
        if all(undo.action != "refuse" for undo in to_do):
            ask("Undo this?", options, console)
        done: list[object] = []
        try:
            roll_back(cluster, record.owner, to_do, force_conflicts=force, done=done.append)
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        finally:
            console.say(
                f"{len(done)} of {len(to_do)} objects undone"
                + ("; to go on: run the same command again" if 0 < len(done) < len(to_do) else "")
            )
    else:
        console.say("nothing was changed; add --apply to undo it")
    return EXIT_DONE
