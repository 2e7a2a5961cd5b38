from __future__ import annotations

from pathlib import Path

import pytest

from observe.errors import InputError
from observe.export.yaml_io import dump_documents, load_documents, load_mapping, read_text


def test_documents_keep_their_place_and_line_and_empty_ones_are_skipped() -> None:
    found = load_documents("# only a comment\n---\na: 1\n---\n---\nb:\n  - c: 2\n", "x.yaml")
    assert [(d.index, d.line, d.data) for d in found] == [
        (0, 3, {"a": 1}),
        (2, 6, {"b": [{"c": 2}]}),
    ]
    assert found[1].line_of(("b", 0, "c")) == 7
    assert found[1].line_of(("b", 9)) == 7


def test_aliases_are_written_out() -> None:
    (found,) = load_documents("a: &x {n: 1}\nb: *x\nc:\n  <<: *x\n  m: 2\n", "x.yaml")
    assert found.data == {"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1, "m": 2}}
    found.data["a"]["n"] = 5
    assert found.data["b"] == {"n": 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\n", 3),
        ("a: 1\n  b: 2\n", 2),
        ("a: 1\na: 2\n", 2),
        ("ok: 1\n---\nx: {{ .Values.x }}\n", 3),
        ("a: *nowhere\n", 1),
        ("a: !Ref b\n", 1),
        ("a: \x00\n", 1),
    ],
)
def test_malformed_yaml_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        load_documents(text, "dir/x.yaml")
    assert caught.value.message.startswith(f"dir/x.yaml, line {line}: ")
    assert "\n" not in str(caught.value)


def test_aliases_that_unfold_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="unfold without end"):
        load_documents("\n".join(lines), "bomb.yaml")
    with pytest.raises(InputError, match="unfold without end"):
        load_documents("a: &a [*a]", "loop.yaml")


def test_nesting_too_deep_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"deeply|unfold"):
        load_documents("[" * 2000 + "]" * 2000, "deep.yaml")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: \xff\n")
    with pytest.raises(InputError, match="byte 3 is not UTF-8"):
        read_text(file)
    file.write_bytes("\ufeffa: é\n".encode())
    assert read_text(file) == "a: é\n"


def test_the_same_values_give_the_same_text() -> None:
    data = {"b": ["1s", "true", "x: y"], "a": {"n": 1, "t": True, "none": None}, "l": "x" * 300}
    text = dump_documents([data, {"z": 1}], ["first", ""])
    assert text == dump_documents([data, {"z": 1}], ["first", ""])
    assert text.startswith("# first\n#\nb:\n  - 1s\n  - 'true'\n  - 'x: y'\na:\n  n: 1\n")
    assert [d.data for d in load_documents(text, "x")] == [data, {"z": 1}]


def test_a_value_used_twice_is_written_twice() -> None:
    shared = {"host": "a"}
    assert dump_documents([{"x": shared, "y": shared}]) == "x:\n  host: a\ny:\n  host: a\n"


def test_a_configuration_is_one_mapping(tmp_path: Path) -> None:
    file = tmp_path / "observe.yaml"
    file.write_text("a: 1\n")
    assert load_mapping(file) == {"a": 1}
    file.write_text("# nothing yet\n")
    assert load_mapping(file) == {}
    for text in ("- a\n", "a: 1\n---\nb: 2\n", "word\n"):
        file.write_text(text)
        with pytest.raises(InputError, match="not one mapping"):
            load_mapping(file)
