"""docs/rules.md names every recorded series, and is what the code makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from observe.bootstrap.config.federation import recorded_names
from observe.bootstrap.stack import EdgeTier, Stack

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_of_recorded_series_is_made_from_the_code() -> None:
    command = [sys.executable, "scripts/make_rules_page.py", "--check"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0, "run 'make docs'"


def test_each_recorded_series_stands_in_the_page_once_with_what_it_is_for() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+:\w+:\w+)` \| (.*) \| (.+) \|$", page, re.MULTILINE)
    names = [name for name, _, _ in rows]
    assert sorted(names) == list(recorded_names(Stack(edge=EdgeTier(sizes=True))))
    assert [name for name, _, purpose in rows if len(purpose) < 3] == []
    summed = [name for name, labels, _ in rows if not labels]
    assert summed == ["edge:evaluations:heartbeat"]
