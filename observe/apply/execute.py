"""A plan carried out: each object in turn, and the truth about where it stopped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from observe.apply.cluster import Cluster
from observe.apply.faults import ClusterError
from observe.apply.fields import meaning
from observe.apply.model import JsonObject, Outcome, Plan, Step
from observe.apply.ownership import is_ours, manager
from observe.apply.plan import Progress
from observe.apply.record import Journal
from observe.errors import ObserveError

#: How long a kind may take to be served after its definition was applied.
_SERVED_WITHIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.25


def execute(
    cluster: Cluster,
    plan: Plan,
    rollback_file: Path,
    moment: datetime,
    *,
    prune: bool = False,
    force_conflicts: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> Outcome:
    """Carry out a plan; the first refusal ends it.

    Args:
        cluster: the cluster that the plan was made for.
        plan: what to do.
        rollback_file: new file for the former state, written before the first change.
        moment: now; stands in that file.
        prune: delete what the plan calls to prune; else it stays.
        force_conflicts: take over the fields that the plan calls conflicts.
        progress: told of objects done, of how many, and the one at hand.

    Returns:
        What was done and where it stopped. A plan without changes writes no file.

    Raises:
        ClusterError: conflicts that are not to be forced; nothing was changed.
        OutputError: the rollback file cannot be written; nothing was changed.
    """
    require_no_conflicts(plan, force_conflicts=force_conflicts)
    steps = plan.to_do(prune=prune)
    if not steps:
        return Outcome()
    journal = Journal(rollback_file, cluster, plan.owner, steps, moment)
    return _run(cluster, plan.owner, steps, journal, progress)


def require_no_conflicts(plan: Plan, *, force_conflicts: bool) -> None:
    """Refuse a plan that needs fields of other managers.

    Raises:
        ClusterError: there are such fields, and they are not to be taken over.
    """
    if plan.conflicting and not force_conflicts:
        step = plan.conflicting[0]
        count = len(plan.conflicting)
        raise ClusterError(
            f"{count} object{'s have' if count > 1 else ' has'} fields of other managers, such as "
            f"{step.ref} ({step.conflicts[0].path} of {step.conflicts[0].manager}); "
            "nothing was changed",
            "Leave those fields out, or take them over with --force-conflicts",
        )


def _run(
    cluster: Cluster, owner: str, steps: Sequence[Step], journal: Journal, progress: Progress
) -> Outcome:
    done: list[Step] = []
    uncertain, error, interrupted = False, None, False
    try:
        for index, step in enumerate(steps):
            uncertain = False
            progress(index, len(steps), str(step.ref))
            _require_unchanged(cluster, step, owner)
            journal.started(index)
            uncertain = True  # until an answer is here
            after = _carry_out(cluster, step, owner)
            uncertain = False
            done.append(step)
            journal.done(index, after)
        progress(len(steps), len(steps), "")
    except ObserveError as refusal:
        error = refusal
        uncertain = isinstance(refusal, ClusterError) and refusal.uncertain
    except (KeyboardInterrupt, SystemExit):
        interrupted = True
    stopped = error is not None or interrupted
    left = tuple(steps[len(done) :])
    return Outcome(
        done=tuple(done),
        left=left[1:] if stopped else (),
        failed=left[0] if stopped and left else None,
        uncertain=uncertain,
        error=error,
        interrupted=interrupted,
        rollback_file=journal.path,
    )


def _require_unchanged(cluster: Cluster, step: Step, owner: str) -> None:
    """Refuse an object that is no longer as the plan saw it.

    Raises:
        ClusterError: somebody changed, made or deleted it since.
    """
    ref = step.ref
    if cluster.resource(ref.api_version, ref.kind) is None:
        _wait_until_served(cluster, step)
    now = cluster.get(ref)
    same = now is None if step.live is None else now is not None and _same(step.live, now)
    if same and step.action == "prune" and now is not None:
        same = is_ours(now, owner)
    if not same:
        raise ClusterError(f"{ref} was changed by somebody else since the plan was made")


def _same(before: JsonObject, now: JsonObject) -> bool:
    same_object = before["metadata"].get("uid") == now["metadata"].get("uid")
    return same_object and meaning(before) == meaning(now)


def _carry_out(cluster: Cluster, step: Step, owner: str) -> JsonObject | None:
    if step.desired is not None:
        force = bool(step.conflicts)  # only what the plan has shown
        return cluster.apply(
            step.ref, step.desired, manager=manager(owner), force=force, dry_run=False
        )
    delete_as_is(cluster, step)
    return None


def delete_as_is(cluster: Cluster, step: Step) -> None:
    """Delete an object, unless it changes in the same moment."""
    live = cluster.get(step.ref)
    if live is None:
        return
    metadata = live["metadata"]
    if step.live is None or metadata["uid"] == step.live["metadata"]["uid"]:
        cluster.delete(step.ref, uid=metadata["uid"], resource_version=metadata["resourceVersion"])


def _wait_until_served(cluster: Cluster, step: Step) -> None:
    """Wait for a kind whose definition was applied a moment ago.

    Raises:
        ClusterError: it is still not served.
    """
    ref = step.ref
    end = time.monotonic() + _SERVED_WITHIN_SECONDS
    while cluster.resource(ref.api_version, ref.kind, again=True) is None:
        if time.monotonic() > end:
            raise ClusterError(
                f"cluster {cluster.name} does not serve {ref.kind} ({ref.api_version}) yet",
                "Look at the status of its CustomResourceDefinition",
            )
        time.sleep(_LOOK_EVERY_SECONDS)
