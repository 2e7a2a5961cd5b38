"""docs/lint.md explains every code, and its examples are judged as it says."""

import re

import pytest
from lint_samples import PAGE, judged, page_telemetry

from observe.export.releases import read_release
from observe.lint.engine import LintOptions
from observe.lint.registry import FAMILIES, RULES
from observe.lint.telemetry import Telemetry

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documents are not installed")

_SECTION = re.compile(r"^### (\w+)\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_RELEASE = re.compile(r"The example\s+is for ([\d.]+)\.")
CODES = [rule.code for rule in RULES]
MEASURED = {
    rule.code for title, rules in FAMILIES.items() if "path" in title or "measured" in title
    for rule in rules
}  # fmt: skip


def _sections() -> dict[str, str]:
    return dict(_SECTION.findall(PAGE.read_text("utf-8")))


def _options(text: str) -> LintOptions:
    named = _RELEASE.search(text)
    written = named[1] if named else "1.27.0" if "1.27.0 refuses" in text else None
    return LintOptions(release=read_release(written) if written else None)


def _example(code: str, which: str) -> tuple[str, ...]:
    text = _sections()[code]
    yaml = re.findall(rf"^{which}:\n\n```yaml\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    assert len(yaml) == 1
    telemetry: Telemetry | None = None
    if code in MEASURED:
        cycle = code == "RETRIES_IN_A_CYCLE"
        telemetry = page_telemetry(trouble=which == "Bad", cycle=cycle)
    return tuple(f.code for f in judged(yaml[0], telemetry, _options(text)))


def test_the_page_explains_each_code_once_and_in_order():
    assert list(_sections()) == CODES


def test_no_code_is_given_to_two_rules():
    assert len(set(CODES)) == len(CODES) == 67


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_is_found(code):
    assert code in _example(code, "Bad")


@pytest.mark.parametrize("code", CODES)
def test_the_good_example_is_not(code):
    assert code not in _example(code, "Good")


@pytest.mark.parametrize("code", CODES)
def test_each_code_says_why(code):
    why = _sections()[code].split("Bad:")[0]
    assert len(why.split()) >= 8
