"""Write the rules of both tiers, as a stack without settings has them, to rules/.

    python scripts/make_rules.py [--check]

With --check nothing is written; the exit code is 1 when a file is out of date or not ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.rules import edge_rules, external_rules
from observe.bootstrap.stack import Stack

RULES = Path(__file__).resolve().parent.parent / "rules"
_HEAD = (
    "Made by `make docs` from observe/bootstrap/rules and observe/bootstrap/alerts, as a stack",
    "without settings has it. `observe bootstrap` renders them for yours.",
)


def rendered() -> dict[str, str]:
    """File name → text."""
    stack = Stack()
    edge = {**edge_rules(stack), **edge_alerts(stack)}
    external = {**external_rules(stack), **external_alerts(stack)}
    beside = "For the Prometheus beside the proxies."
    outside = "For the Prometheus that keeps what all edge tiers recorded."
    return {
        name: yaml_text([document], (*_HEAD, where))
        for where, files in ((beside, edge), (outside, external))
        for name, document in files.items()
    }


def main() -> int:
    """Write or compare."""
    wanted = rendered()
    there = {path.name: path.read_text(encoding="utf-8") for path in RULES.glob("*.yaml")}
    if "--check" in sys.argv[1:]:
        stale = sorted({n for n in wanted.keys() | there.keys() if wanted.get(n) != there.get(n)})
        if stale:
            print(f"out of date: {', '.join(stale)}; run 'make docs'", file=sys.stderr)
        return 1 if stale else 0
    for name in there.keys() - wanted.keys():
        (RULES / name).unlink()
    for name, text in wanted.items():
        (RULES / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
