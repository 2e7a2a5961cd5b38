"""Which advice a person means by a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from observe.errors import InputError
from observe.recommend.base_model import Kind
from observe.recommend.model import Advice, AnyRecommendation, Withheld
from observe.report.escape import shorten
from observe.report.lines import KIND_NAMES

#: A recommendation, or why there is none.
Item = AnyRecommendation | Withheld
_SHOWN = 5


def find_items(advice: Advice, query: str, kind: Kind | None = None) -> tuple[Item, ...]:
    """Everything that is advised for the one target that a person means, kind by kind.

    Args:
        advice: where to look.
        query: an id such as `retry/east/shop/payment`, which means that kind alone; a path such
            as `east/shop/payment`, its end (`shop/payment`, `payment`); or a host.
        kind: that kind alone; every kind when None.

    Returns:
        At least one entry, all of one target; one for each kind that tells of it.

    Raises:
        InputError: none or several targets are called that, or nothing of the kind is told of it.
    """
    entries: list[Item] = sorted((*advice.recommendations, *advice.withheld), key=_order)
    wanted = query.strip().strip("/")
    by_id = [entry for entry in entries if _id(entry) == wanted]
    found = by_id or [entry for entry in entries if _means(entry, wanted)]
    paths = list(dict.fromkeys(entry.target.path for entry in found))
    if not paths:
        raise InputError(f"no target is called '{shorten(query)}'", _guesses(entries, wanted))
    if len(paths) > 1:
        names = ", ".join(map(shorten, paths[:_SHOWN]))
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        raise InputError(
            f"'{shorten(query)}' is the name of several targets", f"say which: {names}{more}"
        )
    chosen = tuple(entry for entry in found if kind in (None, entry.kind))
    if not chosen and kind is not None:
        told = ", ".join(dict.fromkeys(entry.kind for entry in found))
        raise InputError(
            f"nothing is said about the {KIND_NAMES[kind]} of {shorten(paths[0])}",
            f"there is: {told}",
        )
    return chosen


def _order(entry: Item) -> int:
    return tuple(KIND_NAMES).index(entry.kind)


def _id(entry: Item) -> str:
    return f"{entry.kind}/{entry.target.path}"


def _means(entry: Item, wanted: str) -> bool:
    name = f"/{_id(entry)}"
    return bool(wanted) and (name.endswith(f"/{wanted}") or entry.target.service == wanted)


def _guesses(entries: Iterable[Item], wanted: str) -> str:
    """Names that are spelt alike."""
    paths = list(dict.fromkeys(entry.target.path for entry in entries))
    names = [*paths, *dict.fromkeys(path.rsplit("/", 1)[-1] for path in paths)]
    close = get_close_matches(wanted, names, n=3)
    return f"did you mean {', '.join(map(shorten, close))}?" if close else "see the report's table"
