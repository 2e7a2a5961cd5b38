"""One target explained for a terminal: every kind in short, or one kind with its formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from observe.recommend.model import Advice, AnyRecommendation, PlanChange, Withheld
from observe.recommend.policy import Policy
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report.curves import deciding_tails
from observe.report.escape import plain, shorten
from observe.report.explain_find import Item
from observe.report.explain_tables import bucket_table, fact_table, other_table
from observe.report.filters import path_text
from observe.report.kinds import lines_of, now_text
from observe.report.lines import KIND_NAMES
from observe.report.others import Other
from observe.report.reason_words import reason_words
from observe.report.words import place, service_name
from observe.signals.latency import TargetLatency

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def explain_kinds(items: Sequence[Item], advice: Advice, policy: Policy) -> RenderableType:
    """What is advised for one target, a short section for each kind.

    Args:
        items: all of one target, as :func:`~observe.report.explain_find.find_items` returns them.
        advice: what they are from, for what the plan changed.
        policy: the policy that it was made with.
    """
    from rich.console import Group

    parts: list[RenderableType] = [_bold(f"{service_name(items[0])} ({place(items[0])})"), _text()]
    for item in items:
        if isinstance(item, Withheld):
            parts += [_bold(f"{_name(item)}: withheld"), *map(_indented, _why_withheld(item))]
        else:
            parts += _section(item, advice, policy)
        parts.append(_text())
    path = shorten(items[0].target.path)
    parts.append(_text(f"Evidence and formula: observe explain {path} --kind {items[0].kind}"))
    return Group(*parts)


def explain_one(
    item: Item,
    advice: Advice,
    policy: Policy,
    latency: TargetLatency | None = None,
    others: Sequence[Other] = (),
) -> RenderableType:
    """Evidence, formula, check and reasons of one kind of advice for one target.

    Args:
        item: a recommendation, or why there is none.
        advice: what it is from, for what the plan changed.
        policy: the policy that it was made with.
        latency: the target's durations, for a timeout's table of buckets; None leaves it out.
        others: settings that were not chosen, and what they would do.
    """
    from rich.console import Group

    heading = f"{service_name(item)} ({place(item)}): "
    if isinstance(item, Withheld):
        return Group(
            _bold(f"{heading}{KIND_NAMES[item.kind]} withheld"), *map(_text, _why_withheld(item))
        )
    lines = lines_of(item, policy)
    parts: list[RenderableType] = [
        _bold(f"{heading}{plain(lines.action)}; {plain(lines.effect)}"),
        _text(f"Now: {plain(lines.now)}. Proposed: {plain(lines.proposed)}."),
        _text(plain(item.message)),
        *(_text(), _bold("Evidence"), fact_table(lines.evidence)),
    ]
    if latency is not None and isinstance(item, TimeoutRecommendation):
        name, durations = deciding_tails(latency, item)[0]
        parts += [_text(), _bold(f"Durations, {name}"), bucket_table(durations)]
    parts += [_text(), _bold("How the number came about")]
    parts += [_text(f"{i}. {plain(step)}") for i, step in enumerate(lines.steps, 1)]
    parts += _planned(item, advice)
    parts += [_text(), _bold("What it would have done to this window"), fact_table(lines.predicted)]
    if others:
        parts += [_text(), _bold("Why not another number"), other_table(others)]
    parts += [_text(), _bold("Checked on data it did not see"), _text(plain(lines.backtest))]
    return Group(*parts, _text(), *_reasons(item))


def _section(item: AnyRecommendation, advice: Advice, policy: Policy) -> list[RenderableType]:
    """The few lines that tell what to do, and how far to trust it."""
    lines = lines_of(item, policy)
    return [
        _bold(f"{_name(item)}: {plain(lines.action)}"),
        _indented(f"{item.severity}, {item.confidence} confidence; {plain(lines.effect)}"),
        _indented(plain(item.message)),
        *(_indented(f"Plan: {words}") for words in _plan_words(item, advice)),
        _indented(f"Checked: {plain(lines.backtest)}"),
        _indented(f"Why: {'; '.join(reason_words(code).meaning for code in item.reasons)}."),
    ]


def _why_withheld(item: Withheld) -> list[str]:
    words = reason_words(item.reason)
    return [
        f"{_sentence(words.meaning)} ({plain(item.reason)}). Now: {plain(now_text(item))}.",
        *(_sentence(text) for text in (plain(item.message), words.advice) if text),
    ]


def _planned(item: AnyRecommendation, advice: Advice) -> list[RenderableType]:
    """What the plan changed, and the path along which tries multiply most."""
    words = _plan_words(item, advice)
    worst = advice.worst_path
    if item.kind == "retry" and worst is not None and item.target.path in worst.targets:
        words.append(path_text(worst))
    if not words:
        return []
    return [_text(), _bold("What the plan for the whole mesh says"), *map(_text, words)]


def _plan_words(item: AnyRecommendation, advice: Advice) -> list[str]:
    mine: Iterable[PlanChange] = (change for change in advice.plan if change.id == item.id)
    return [
        f"{plain(c.field)} {plain(c.before)} → {plain(c.after)}: {plain(c.message)} "
        f"({plain(c.reason)})"
        for c in mine
    ]


def _reasons(item: AnyRecommendation) -> list[RenderableType]:
    parts: list[RenderableType] = [_bold(f"Why ({item.severity}, {item.confidence} confidence)")]
    for code in item.reasons:
        words = reason_words(code)
        parts.append(_text(f"- {words.meaning} ({plain(code)}). {words.advice}".rstrip()))
    return parts


def _name(item: Item) -> str:
    return _sentence(KIND_NAMES[item.kind])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(words: str = "") -> Text:
    from rich.text import Text

    return Text(words)


def _bold(words: str) -> Text:
    from rich.text import Text

    return Text(words, style="bold")


def _indented(words: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(words), (0, 0, 0, 2), expand=False)
