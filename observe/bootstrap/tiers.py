"""What a target renders besides the stack itself: each tier's rules and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.bootstrap.sizing import Resources

#: Name of a file → its document, `{"groups": [...]}`.
RuleFiles = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Tier:
    """One tier's share.

    Attributes:
        rules: recording and alerting rules, by file name.
        resources: requests, limits and volume.
    """

    rules: RuleFiles
    resources: Resources


@dataclass(frozen=True)
class Tiers:
    """Both tiers; every cluster has the same edge tier."""

    edge: Tier
    external: Tier
