from __future__ import annotations

from pathlib import Path

import pytest

from observe.bootstrap.config.user_rules import read_user_rules
from observe.errors import InputError

GOOD = """groups:
  - name: mine
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
"""


def test_good_rules_keep_their_text_and_get_a_name_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "team.yml"
    file.write_text(GOOD)
    assert read_user_rules([file]) == {"user-team.yaml": GOOD}


def test_a_broken_expression_is_named_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "team.yml"
    file.write_text(GOOD.replace("sum by (job) (up)", "sum by (job (up)"))
    with pytest.raises(InputError) as caught:
        read_user_rules([file])
    assert caught.value.message.startswith(f"{file}, line 5: ")
    assert "could not parse expression" in caught.value.message
    assert "\n" not in str(caught.value)


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "team.yml"
    file.write_text(GOOD.replace("expr:", "expression:"))
    with pytest.raises(InputError, match="line 5: field expression not found"):
        read_user_rules([file])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("groups: [", "line 1"),
        ("rules: []\n", "no rule file"),
        ("", "no rule file"),
        ("- a\n", "no rule file"),
    ],
)
def test_what_is_no_rule_file_is_said_in_one_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "team.yml"
    file.write_text(text)
    with pytest.raises(InputError, match=complaint) as caught:
        read_user_rules([file])
    assert str(file) in str(caught.value)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "team.yml").write_text(GOOD)
    with pytest.raises(InputError, match="two rule files are named team"):
        read_user_rules([tmp_path / "a" / "team.yml", tmp_path / "b" / "team.yml"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_user_rules([tmp_path / "none.yml"])
