"""Write the documents that are made from code: docs/reasons.md, the table of docs/lint.md.

    python scripts/make_docs.py [--check]

With --check nothing is written; the exit code is 1 when a document is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from observe.export.refusals import REFUSAL_MEANING, RefusalReason
from observe.lint.registry import FAMILIES
from observe.recommend.reasons import Reason
from observe.report.reason_words import reason_words

DOCS = Path(__file__).resolve().parent.parent / "docs"
_HEAD = """# Reason codes

Made by `make docs` from `observe/recommend/reasons.py`; a test keeps it complete. Codes are stable:
they stand in `recommendations.json` under `reasons` and `withheld`, and in an export's
`export.json`. The thresholds behind them are in [method.md](method.md).
"""
#: Heading and the code that its group begins with, in the order of the enumeration.
_GROUPS = (
    ("Why a timeout is proposed", Reason.TIMEOUT_NONE_SET),
    ("What shaped it", Reason.CALLER_SLOWER),
    ("What the plan changed", Reason.TOO_MANY_TRIES_ON_PATH),
    ("What lowers the confidence", Reason.SHORT_WINDOW),
    ("Why a timeout is withheld", Reason.TOO_FEW_REQUESTS),
)
_CODES, _END_OF_CODES = "<!-- codes: made by `make docs` -->", "<!-- end of codes -->"


def reasons_page() -> str:
    """The text of docs/reasons.md."""
    headings = {code: heading for heading, code in _GROUPS}
    lines = [_HEAD]
    for code in Reason:
        if code in headings:
            lines.append(f"\n## {headings[code]}\n\n| code | meaning | what to do |\n|---|---|---|")
        words = reason_words(code.value)
        lines.append(f"| `{code.value}` | {words.meaning} | {words.advice} |")
    lines.append("\n## Why an export refuses a change\n\n| code | meaning |\n|---|---|")
    lines += [f"| `{code.value}` | {REFUSAL_MEANING[code]} |" for code in RefusalReason]
    return "\n".join(lines) + "\n"


def lint_page(page: str) -> str:
    """The text of docs/lint.md with the table of codes as it should be."""
    before, _, rest = page.partition(_CODES)
    lines = ["| code | severity | meaning |", "|---|---|---|"]
    for family, rules in FAMILIES.items():
        lines.append(f"| **{family}** | | |")
        lines += [f"| [{r.code}](#{r.code.lower()}) | {r.severity} | {r.meaning} |" for r in rules]
    end = rest.index(_END_OF_CODES)
    return f"{before}{_CODES}\n\n" + "\n".join(lines) + f"\n\n{rest[end:]}"


def main() -> int:
    """Write or check; the exit code."""
    lint = DOCS / "lint.md"
    pages = {DOCS / "reasons.md": reasons_page(), lint: lint_page(lint.read_text("utf-8"))}
    if "--check" in sys.argv[1:]:
        return int(any(path.read_text("utf-8") != text for path, text in pages.items()))
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
