"""Documents say what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from observe.recommend.reasons import Reason

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_of_reasons_is_made_from_the_code():
    done = subprocess.run(
        [sys.executable, "scripts/make_docs.py", "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "run: make docs"


def test_every_reason_code_has_words_of_its_own():
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    rows = {
        line.split("|")[1].strip(" `"): line.split("|")[2].strip()
        for line in page.splitlines()
        if line.startswith("| `")
    }
    assert {code.value for code in Reason} <= rows.keys()
    assert all(len(rows[code.value].split()) >= 3 for code in Reason)
    assert not any(rows[c.value] == c.value.replace("_", " ").lower() for c in Reason)


@pytest.mark.parametrize(
    "page",
    [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda p: p.name,
)
def test_links_between_documents_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_field_of_the_timeout_policy_is_named_in_the_method():
    from observe.recommend.policy import TimeoutPolicy

    text = (ROOT / "docs" / "method.md").read_text("utf-8")
    names = {f.alias for f in TimeoutPolicy.model_fields.values()}
    missing = {n for n in names if n not in text}
    assert not missing
