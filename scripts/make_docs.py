"""Write the documents that are made from code: docs/reasons.md.

    python scripts/make_docs.py [--check]

With --check nothing is written; the exit code is 1 when a document is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from observe.export.changes import REFUSAL_MEANING, RefusalReason
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
    ("What lowers the confidence", Reason.SHORT_WINDOW),
    ("Why a timeout is withheld", Reason.TOO_FEW_REQUESTS),
)


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


def main() -> int:
    """Write or check; the exit code."""
    page, path = reasons_page(), DOCS / "reasons.md"
    if "--check" in sys.argv[1:]:
        return 0 if path.read_text(encoding="utf-8") == page else 1
    path.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
