"""What an advice comes to as a whole, in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from observe.recommend.base_model import CONFIDENCES
from observe.recommend.model import Advice, AnyRecommendation
from observe.report.format import plural
from observe.report.parts import Entry


def worth_making(recommendations: Iterable[AnyRecommendation]) -> list[AnyRecommendation]:
    """The recommendations that change something (severity above "ok")."""
    return [r for r in recommendations if r.severity != "ok"]


def headline_text(advice: Advice) -> str:
    """How many changes are worth making, and how many would only help."""
    changes = worth_making(advice.recommendations)
    fits = len(advice.recommendations) - len(changes)
    if not advice.recommendations and not advice.withheld:
        return "No service was found in the telemetry, so there is nothing to judge."
    parts = [_changes_text(changes)]
    if fits:
        parts.append(f"{plural(fits, 'setting')} fit" + ("s" if fits == 1 else ""))
    if advice.withheld:
        parts.append(f"{plural(len(advice.withheld), 'setting')} withheld, each with a reason")
    return "; ".join(parts) + "."


def _changes_text(changes: Sequence[AnyRecommendation]) -> str:
    count = Counter(r.severity for r in changes)
    urgent = count["critical"] + count["warning"]
    if not changes:
        return "No change is worth making"
    if not urgent:
        return f"No change is urgent, {plural(len(changes), 'change')} would help"
    critical = f" ({count['critical']} critical)" if count["critical"] else ""
    text = f"{plural(urgent, 'change')} {'is' if urgent == 1 else 'are'} worth making{critical}"
    return f"{text}, {count['info']} more would help" if count["info"] else text


def sureness_text(entries: Sequence[Entry]) -> str:
    """How sure the changes are, in one or two sentences."""
    changes = [entry for entry in entries if entry.severity != "ok"]
    if not changes:
        return ""
    grades = Counter(entry.recommendation.confidence for entry in changes)
    parts = [f"{grades[c]} with {c} confidence" for c in reversed(CONFIDENCES) if grades[c]]
    text = f"Of {plural(len(changes), 'change')}: {', '.join(parts)}."
    tested = [entry.lines.held for entry in changes if entry.lines.held is not None]
    if not tested:
        return f"{text} None could be checked on data it did not see."
    return (
        f"{text} Checked on data they did not see: {sum(tested)} of {len(tested)} would have kept "
        "within what the policy accepts."
    )
