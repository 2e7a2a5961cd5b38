"""Checks of two tiers: does what the edge tiers record arrive whole, in time, once, unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from observe.doctor import advice
from observe.doctor.facts import Facts
from observe.doctor.model import Check
from observe.doctor.tier_facts import Beat, Comparison
from observe.telemetry.probes import REPLICA_LABELS
from observe.telemetry.recorded import RATE_SECONDS

#: Three evaluations of a minute and two requests of half a minute explain this age.
_STALE_SECONDS = 300.0
_FEW_MISSED = 0.02
#: An evaluation takes its time, and its samples carry that of its beginning.
_LATE_SECONDS = 1.0
_IRREGULAR = 0.05
#: Sums of the same numbers in another order.
_ROUNDING = 1e-6
_NAMED = 4


def heartbeats(facts: Facts) -> Iterator[Check]:
    """Age of the newest evaluation of each cluster, and those that are missing before it."""
    for beat in facts.tiers.beats if facts.tiers else ():
        name = f"evaluations of {beat.cluster}" if beat.cluster else "evaluations"
        limit = max(_STALE_SECONDS, 3 * (beat.interval_seconds or 0))
        if beat.age_seconds > limit:
            yield Check(
                name=name,
                status="FAIL",
                found=f"the newest is {_length(beat.age_seconds)} old",
                fix="Is its edge tier up, does it evaluate its rules, and does /federate answer?",
            )
            continue
        yield _completeness(name, beat)


def _completeness(name: str, beat: Beat) -> Check:
    every = f"every {beat.interval_seconds:g} s" if beat.interval_seconds else "only one"
    found = (
        f"{every}, {beat.arrived} of {beat.expected} of the last hour, "
        f"the newest {max(beat.age_seconds, 0):.0f} s old"
    )
    if (beat.interval_seconds or 0) > RATE_SECONDS:
        fix = f"Rates cover {RATE_SECONDS} s: evaluate and federate at least as often"
        return Check(name=name, status="FAIL", found=found, fix=fix)
    if beat.arrived < beat.expected * (1 - _FEW_MISSED):
        fix = "Federate twice as often as rules are evaluated; look at failed requests to /federate"
        return Check(name=name, status="WARN", found=found, fix=fix)
    return Check(name=name, status="OK", found=found)


def copies_of_tiers(facts: Facts) -> Iterator[Check]:
    """One edge tier's rates twice, or two tiers' under one name."""
    for beat in facts.tiers.beats if facts.tiers else ():
        name = f"copies of {beat.cluster}" if beat.cluster else "copies of evaluations"
        foreign = sorted(set(beat.copy_labels) - set(REPLICA_LABELS))
        if beat.copies > 1 and foreign:
            yield Check(
                name=name,
                status="FAIL",
                found=f"{beat.copies} series, told apart by {', '.join(foreign)}: everything "
                "counts more than once",
                fix=f"Federate each edge tier once; a pair is told apart by {REPLICA_LABELS[0]}",
            )
        elif beat.irregular > _IRREGULAR:
            yield Check(
                name=name,
                status="FAIL",
                found=f"{beat.irregular:.0%} of the evaluations come at odd distances: two edge "
                "tiers under one name?",
                fix="Give each edge tier a label `cluster` of its own, and servers of a pair "
                f"{REPLICA_LABELS[0]} (external_labels)",
            )
        elif beat.copies > 1:
            found = f"{beat.copies} servers, told apart by {', '.join(beat.copy_labels)}; averaged"
            yield Check(name=name, status="OK", found=found)


def timestamps(facts: Facts) -> Iterator[Check]:
    """Samples must carry the time of their evaluation."""
    late = max((b.late_seconds for b in facts.tiers.beats), default=0) if facts.tiers else 0
    if late > _LATE_SECONDS:
        yield Check(
            name="times of samples",
            status="WARN",
            found=f"up to {late:.1f} s apart from their evaluation: the same evaluation counts "
            "once per request",
            fix="Set honor_timestamps: true in the job that federates",
            setting=advice.HONOR_LABELS,
        )


def alignment(facts: Facts) -> Iterator[Check]:
    """Buckets and counts come from one evaluation, so they agree to the last digit."""
    found = facts.tiers.alignment if facts.tiers else None
    if found is None:
        return
    off = abs(found.buckets / found.counts - 1) if found.counts else float(found.buckets > 0)
    if off <= _ROUNDING and not found.apart:
        yield Check(name="buckets and counts", status="OK", found="of the same evaluations, equal")
        return
    said = [f"the buckets hold {off:.2%} other than the counts"] if off > _ROUNDING else []
    said += [f"{found.apart} series have other times than their counts"] if found.apart else []
    yield Check(
        name="buckets and counts",
        status="WARN",
        found="; ".join(said),
        fix="Record them in one rule group, and let neither limits nor relabelling drop a part",
    )


def answering(facts: Facts) -> Iterator[Check]:
    """Edge tiers that do not answer."""
    if facts.tiers and facts.tiers.down:
        yield Check(
            name="/federate",
            status="FAIL",
            found=f"no answer: {_some(facts.tiers.down)}",
            fix="Look at the error on the page of targets: address, password or certificate, time",
        )


def comparisons(facts: Facts) -> Iterator[Check]:
    """The edge tiers that were named, against what arrived of them."""
    for found in facts.tiers.comparisons if facts.tiers else ():
        yield from _comparison(found)


def _comparison(found: Comparison) -> Iterator[Check]:
    name = f"edge tier {found.url}"
    if found.refusal[0]:
        yield Check(name=name, status="FAIL", found=found.refusal[0], fix=found.refusal[1])
        return
    labels = ", ".join(found.external_labels)
    if not any(label.startswith("cluster=") for label in found.external_labels):
        fix = "Set external_labels: {cluster: NAME} in this edge tier, as Istio names the cluster"
        yield Check(name=name, status="FAIL", found="it has no label `cluster`", fix=fix)
    elif found.external_rate is None:
        fix = "Is this edge tier a target of the external one, with a match[] for recorded names?"
        yield Check(name=name, status="FAIL", found=f"nothing with {labels} arrived", fix=fix)
    elif found.edge_rate is None:
        yield Check(
            name=name,
            status="WARN",
            found=f"{labels}: it has not recorded what arrived last",
            fix="A tier that has just started needs a few minutes: look again; if it stays so, "
            "another tier sends under this label",
        )
    else:
        yield _rates(name, labels, found.edge_rate, found.external_rate)
        yield from _on_the_way(name, found)


def _rates(name: str, labels: str, edge: float, external: float) -> Check:
    said = f"{labels}: {edge:.6g} requests/s recorded, {external:.6g} arrived"
    if abs(edge - external) <= _ROUNDING * max(edge, external):
        return Check(name=name, status="OK", found=said)
    fix = "Look for a sample_limit, relabelling or a match[] that takes a part of the series away"
    return Check(name=name, status="WARN", found=said, fix=fix)


def _on_the_way(name: str, found: Comparison) -> Iterator[Check]:
    if found.missing:
        yield Check(
            name=name,
            status="WARN",
            found=f"{len(found.missing)} recorded series do not arrive: {_some(found.missing)}",
            fix="Add their names to match[] (or to write_relabel_configs)",
        )
    if found.lost:
        yield Check(
            name=name,
            status="FAIL",
            found=f"labels get lost on the way: {_some(found.lost)}",
            fix="Set honor_labels: true, and drop no labels in metric_relabel_configs",
            setting=advice.HONOR_LABELS,
        )


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} minutes"
