"""Write what the rules say into docs/runbooks.md.

    python scripts/make_runbooks.py [--check]

With --check nothing is written; the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.alerts.runbooks import rules_by_alert, with_rules
from observe.bootstrap.stack import ExternalTier, Stack

PAGE = Path(__file__).resolve().parent.parent / "docs" / "runbooks.md"


def every_alert() -> dict[str, list[dict[str, object]]]:
    """The rules of every alert there may be, whatever the stack's settings."""
    plain = Stack()
    pair = plain.model_copy(update={"edge": plain.edge.model_copy(update={"replicas": 2})})
    writing = plain.model_copy(update={"external": ExternalTier(transport="remote-write")})
    found = rules_by_alert({**external_alerts(plain), **edge_alerts(plain)})
    for other in (external_alerts(pair), edge_alerts(writing)):
        for name, rules in rules_by_alert(other).items():
            found.setdefault(name, rules)
    return found


def main() -> int:
    """Write or compare."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = with_rules(page, every_alert())
    if "--check" in sys.argv[1:]:
        return 0 if page == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
