"""Releases of Istio, and which of them have which bug."""

from __future__ import annotations

import re
from dataclasses import dataclass

from observe.durations import shown
from observe.errors import InputError

_RELEASE = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+][\w.-]+)?\Z")


@dataclass(frozen=True, order=True)
class Release:
    """One release.

    Attributes:
        minor: such as (1, 27).
        patch: such as 3; 0 when it was not given, for the oldest patch has all bugs.
    """

    minor: tuple[int, int]
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.minor[0]}.{self.minor[1]}.{self.patch}"


def read_release(text: str) -> Release:
    """The release that a text such as `1.27.3` or `1.27` names.

    Raises:
        InputError: it is no release.
    """
    found = _RELEASE.match(text)
    if found is None:
        raise InputError(f"{shown(text)} is not an Istio version", "write it as 1.27.3")
    return Release((int(found[1]), int(found[2])), int(found[3] or 0))


def default_budget_is_tiny(release: Release | None) -> bool:
    """Whether a retryBudget without percent allows 0.2 % instead of 20 % (istio#59504).

    All of 1.27, 1.28 up to 1.28.5, 1.29 up to 1.29.1; an unknown release may be one of them.
    """
    if release is None or release.minor == (1, 27):
        return True
    fixed = {(1, 28): 6, (1, 29): 2}.get(release.minor)
    return fixed is not None and release.patch < fixed


def subsets_lose_budget(release: Release | None) -> bool:
    """Whether a subset with a policy of its own goes without retryBudget (istio#59667).

    All releases before 1.29.2; an unknown release may be one of them.
    """
    return release is None or release < Release((1, 29), 2)


def refuses_budget_alone(release: Release | None) -> bool:
    """Whether a trafficPolicy that holds nothing but retryBudget is refused: 1.27.0 alone."""
    return release == Release((1, 27), 0)
