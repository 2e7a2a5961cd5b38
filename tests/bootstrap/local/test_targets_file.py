from __future__ import annotations

from pathlib import Path

import pytest

from observe.bootstrap.local.targets_file import count_targets
from observe.errors import InputError


def test_targets_of_all_entries_are_counted_in_json_indented_by_tabs(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    file.write_text(
        '[\n\t{"targets": ["a:1", "b:2"], "labels": {"job": "x"}},\n\t{"targets": ["c:3"]}\n]'
    )
    assert count_targets(file) == 3


def test_an_empty_list_names_no_target(tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text("[]\n")
    assert count_targets(file) == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.json", '[\n{"targets": [}\n]', ", line 2: this is not JSON"),
        ("t.yaml", "targets: [a:1]\n", " is no list of targets"),
        ("t.yaml", "", " is no list of targets"),
        (
            "t.yaml",
            "- targets: [a:1]\n- target: [b:1]\n",
            ", line 2: an entry is a mapping with a list `targets`",
        ),
        (
            "t.yaml",
            "- targets: ['http://a:1/x']\n",
            ", line 1: 'http://a:1/x' is no HOST:PORT; "
            "a path belongs into the label __metrics_path__",
        ),
        (
            "t.json",
            '[{"targets": ["a:1"], "labels": {"a-b": "c"}}]',
            ", line 1: label a-b: 'c' is not a name and a text",
        ),
        (
            "t.json",
            '[{"targets": ["a:1"], "lables": {}}]',
            ", line 1: there is no key lables: an entry has `targets` and `labels`",
        ),
    ],
)
def test_what_prometheus_could_not_read_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        count_targets(file)
    assert caught.value.message == f"--targets-file {file}{said}"
