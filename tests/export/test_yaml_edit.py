from __future__ import annotations

import pytest

from observe.export.yaml_edit import EditError, SetValue, set_values
from observe.export.yaml_io import load_documents


def set_timeout(text: str, *path: str | int, document: int = 0) -> str:
    return set_values(text, [SetValue(document, path, "timeout", "850ms", "route")])


def test_a_value_is_replaced_and_every_other_byte_stays() -> None:
    text = "# top\nhttp:\n  - timeout:   3s   # why\n    route: []  # r\n\n\n# end"
    assert set_timeout(text, "http", 0) == text.replace("3s", "850ms")


@pytest.mark.parametrize(
    ("written", "expected"), [("'3s'", "'850ms'"), ('"3s"', '"850ms"'), ("!!str 3s", "!!str 850ms")]
)
def test_quotes_and_tags_stay(written: str, expected: str) -> None:
    assert set_timeout(f"timeout: {written}\nx: 1\n") == f"timeout: {expected}\nx: 1\n"


def test_a_missing_value_goes_behind_the_route() -> None:
    text = "http:\n  - route:\n      - a  # first\n    # about retries\n    retries: 1\n"
    expected = text.replace("# first\n", "# first\n    timeout: 850ms\n")
    assert set_timeout(text, "http", 0) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x: 1\nroute: [a]", "x: 1\nroute: [a]\ntimeout: 850ms"),
        ("x: 1\r\nroute: [a]\r\ny: 2\r\n", "x: 1\r\nroute: [a]\r\ntimeout: 850ms\r\ny: 2\r\n"),
        ("route: |\n  abc\n\ny: 2\n", "route: |\n  abc\n\ntimeout: 850ms\ny: 2\n"),
        ("{route: [a], y: 2}", "{timeout: 850ms, route: [a], y: 2}"),
        ('{"route": ["a"]}', '{"timeout": "850ms", "route": ["a"]}'),
        ("timeout:\nroute: [a]\n", "timeout: 850ms\nroute: [a]\n"),
        ("timeout: # none\nroute: [a]\n", "timeout: 850ms # none\nroute: [a]\n"),
        ("timeout: ~\n", "timeout: 850ms\n"),
        ("a: &r [b]\nroute: *r\n", "a: &r [b]\nroute: *r\ntimeout: 850ms\n"),
        ("no: 1\n# last\n", "no: 1\ntimeout: 850ms\n# last\n"),
    ],
)
def test_values_are_set_in_every_style(text: str, expected: str) -> None:
    assert set_timeout(text) == expected
    assert set_timeout(expected) == expected


def test_signs_outside_the_basic_plane_do_not_move_the_place() -> None:
    text = "# 😀 é\nname: '😀'\ntimeout: 3s\n---\ntimeout: 4s\n"
    assert set_timeout(text, document=1) == text.replace("4s", "850ms")


def test_an_alias_is_replaced_where_it_is_used() -> None:
    text = "d: &t 3s\ntimeout: *t\n"
    assert set_timeout(text) == "d: &t 3s\ntimeout: 850ms\n"


def test_an_anchor_that_others_share_is_not_changed() -> None:
    with pytest.raises(EditError, match="share"):
        set_timeout("timeout: &t 3s\nother: *t\n")
    with pytest.raises(EditError, match="share"):
        set_timeout("http:\n- &r {route: [a]}\n- *r\n", "http", 0)


def test_a_shared_anchor_is_changed_when_all_that_share_it_change() -> None:
    text = "http:\n- &r {route: [a]}\n- *r\n"
    changes = [SetValue(0, ("http", i), "timeout", "850ms", "route") for i in (0, 1)]
    edited = set_values(text, changes)
    assert edited == "http:\n- &r {timeout: 850ms, route: [a]}\n- *r\n"
    assert load_documents(edited, "x")[0].data["http"][1]["timeout"] == "850ms"


def test_a_value_that_comes_from_a_merge_key_is_overridden_in_place() -> None:
    text = "base: &b\n  timeout: 3s\nroute:\n  <<: *b\n  x: 1\n"
    edited = set_timeout(text, "route")
    assert load_documents(edited, "x")[0].data == {
        "base": {"timeout": "3s"},
        "route": {"timeout": "850ms", "x": 1},
    }


def test_a_value_that_is_a_block_of_text_is_left_alone() -> None:
    with pytest.raises(EditError, match="one-line"):
        set_timeout("timeout: |\n  3s\nroute: [a]\n")


def test_values_that_yaml_would_misread_are_quoted() -> None:
    edited = set_values("a: 1\n", [SetValue(0, (), "note", 'x: "y" # z')])
    assert load_documents(edited, "x")[0].data == {"a": 1, "note": 'x: "y" # z'}
