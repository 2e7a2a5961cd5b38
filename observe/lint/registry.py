"""All rules, by family, in the order in which docs/lint.md explains them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from observe.durations import shown
from observe.errors import InputError
from observe.lint import (
    callpaths,
    conflicts,
    httproutes,
    measured_load,
    measured_timeouts,
    outliers,
    pools,
    structure,
    subsets,
    syntax,
    tries,
    versions,
)
from observe.lint.model import Rule

#: Heading → the rules below it.
FAMILIES: dict[str, tuple[Rule, ...]] = {
    "What Istio refuses": (*structure.RULES, *syntax.RULES),
    "What depends on Istio's release": versions.RULES,
    "Timeouts and retries of a route": tries.RULES,
    "Objects that get into each other's way": (*conflicts.RULES, *httproutes.RULES),
    "Subsets and ports": subsets.RULES,
    "Outlier detection": outliers.RULES,
    "Connection pools and retry budgets": pools.RULES,
    "Along the paths of calls": callpaths.RULES,
    "Timeouts against what was measured": measured_timeouts.RULES,
    "Retries and pools against what was measured": measured_load.RULES,
}

RULES: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)


def known_codes(codes: Iterable[str]) -> frozenset[str]:
    """The codes as they are written in full.

    Raises:
        InputError: one of them is no code.
    """
    names = [rule.code for rule in RULES]
    found = set()
    for code in codes:
        if code.upper() not in names:
            near = get_close_matches(code.upper(), names, n=1)
            hint = f"did you mean {near[0]}?" if near else "see docs/lint.md for all codes"
            raise InputError(f"{shown(code)} is no code of the linter", hint)
        found.add(code.upper())
    return frozenset(found)
