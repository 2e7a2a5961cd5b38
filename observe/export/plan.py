"""Turn advice into files: what to apply, what was refused, and the way back.

A pure function of the advice, of what is there and of the options. Two promises hold: a host
never gets a second VirtualService or DestinationRule, and no number moves further than one step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from observe.durations import duration_ms
from observe.export.changes import Change, Outcome
from observe.export.current import Current
from observe.export.decide import decide
from observe.export.layout import lay_out
from observe.export.options import ExportOptions, exported, in_cluster, left_alone
from observe.export.refusals import Refusal, RefusalReason, Skipped
from observe.export.render import render
from observe.recommend.model import Advice, AnyRecommendation


@dataclass(frozen=True)
class ExportPlan:
    """Everything an export would write, and why not more.

    Attributes:
        files: relative path → YAML to apply; edited files whole, new objects one to a file.
        rollback: relative path → YAML that brings the old state back: `restore/...` to apply,
            `delete/...` to delete.
        diff: unified difference of the files that are edited.
        changes: what is set, by id; a recommendation may change two objects.
        refused: recommendations that ask for a change that is not made, by id.
        skipped: recommendations that ask for none or were not selected, by id.
        current_known: whether what is there was looked at.
    """

    files: dict[str, str] = field(default_factory=dict)
    rollback: dict[str, str] = field(default_factory=dict)
    diff: str = ""
    changes: tuple[Change, ...] = ()
    refused: tuple[Refusal, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    current_known: bool = False


def plan_export(
    advice: Advice, current: Current | None = None, options: ExportOptions | None = None
) -> ExportPlan:
    """What to write for a piece of advice.

    Args:
        advice: the content of `recommendations.json`; what it withholds is never exported.
        current: the objects that are there; None: not known, so that hosts for which the advice
            knows of an object are refused.
        options: what to export and how far to go.

    Raises:
        InputError: a value cannot be read, or the cluster asked for is not in the advice.
    """
    options = options or ExportOptions()
    everywhere = {r.target.cluster for r in exported(advice)}
    if current is not None:
        current = current.with_clusters(name for name in everywhere if name)
    recommendations = in_cluster(advice, options.cluster)
    clusters = {r.target.cluster for r in recommendations}

    outcome = Outcome()
    wanted = []
    for item, skipped in left_alone(recommendations, options):
        if skipped:
            outcome.skipped.append(skipped)
        else:
            wanted.append(item)
    _decide_all(wanted, current, options, outcome)

    changes = lay_out(outcome.changes, current, clusters)
    written = render(changes, advice, current, options.api_version)
    refused = sorted(outcome.refused + written.refused, key=lambda r: r.id)
    lost = {refusal.id for refusal in written.refused}
    return ExportPlan(
        files=written.files,
        rollback=written.rollback,
        diff=written.diff,
        changes=tuple(change for change in changes if change.id not in lost),
        refused=tuple(refused),
        skipped=tuple(sorted(outcome.skipped, key=lambda s: s.id)),
        current_known=current is not None,
    )


def _decide_all(
    wanted: list[AnyRecommendation],
    current: Current | None,
    options: ExportOptions,
    outcome: Outcome,
) -> None:
    """Timeouts before all else: retries have to fit into them."""
    asked = Counter((item.kind, item.target.cluster, item.target.service) for item in wanted)
    timeouts: dict[tuple[str | None, str], float] = {}
    for item in sorted(wanted, key=lambda r: (r.kind != "timeout", r.id)):
        if asked[(item.kind, item.target.cluster, item.target.service)] > 1:
            message = "several recommendations name this service"
            outcome.refused.append(Refusal(item.id, RefusalReason.DUPLICATE_TARGET, message))
            continue
        decision = decide(item, current, options, timeouts)
        if isinstance(decision, Refusal):
            outcome.refused.append(decision)
        elif isinstance(decision, Skipped):
            outcome.skipped.append(decision)
        else:
            outcome.changes += decision
            if item.kind == "timeout":
                set_to = decision[0].fields[0].after
                timeouts[(item.target.cluster, item.target.service or "")] = float(
                    duration_ms(set_to)
                )
