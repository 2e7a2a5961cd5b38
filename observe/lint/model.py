"""What the linter says: rules, findings and how bad they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from observe.export.yaml_io import YamlPath
from observe.lint.objects import ConfigObject

Severity = Literal["info", "warning", "critical"]

#: From harmless to urgent; `--fail-on` compares positions in this tuple.
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

#: The page that explains every code.
PAGE = "docs/lint.md"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, where it stands and what to do about it.

    Attributes:
        code: code of the rule.
        severity: how bad it is here.
        object: `VirtualService shop/payment`, or `mesh` for what no object says.
        file: the file as it was given, `cluster:NAME` for an object read from a cluster, or "".
        line: line in the file, from 1; 0 where there is none.
        message: one sentence, with the numbers.
        advice: one sentence that says what to do.
    """

    code: str
    severity: Severity
    object: str
    file: str
    line: int
    message: str
    advice: str

    @property
    def place(self) -> str:
        """`shop/payment.yaml:12`; without the line where there is none."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def link(self) -> str:
        """Where the code is explained."""
        return f"{PAGE}#{self.code.lower()}"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: its name, which stays.
        severity: how bad a breach is, unless the finding says otherwise.
        meaning: what a breach is, in a few words.
    """

    code: str
    severity: Severity
    meaning: str

    def at(
        self,
        item: ConfigObject,
        path: YamlPath,
        message: str,
        advice: str,
        severity: Severity | None = None,
    ) -> Finding:
        """A breach at `path` below an object."""
        return Finding(
            self.code,
            severity or self.severity,
            item.label,
            item.file,
            item.line_of(path),
            message,
            advice,
        )

    def in_mesh(self, message: str, advice: str, severity: Severity | None = None) -> Finding:
        """A breach that stands in no object."""
        return Finding(self.code, severity or self.severity, "mesh", "", 0, message, advice)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once: by file and line, the worst first where several meet."""
    return tuple(
        sorted(
            set(findings),
            key=lambda f: (
                *(f.file, f.line, -SEVERITIES.index(f.severity)),
                *(f.code, f.object, f.message, f.advice),
            ),
        )
    )


def at_least(severity: Severity, threshold: str) -> bool:
    """Whether a severity reaches a threshold."""
    names: tuple[str, ...] = SEVERITIES
    return names.index(severity) >= names.index(threshold)
