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


POLICY: dict[str, object] = {"tcp": {"maxConnections": 40}, "http": {"maxRetries": 3, "x": "5s"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "spec:\n  host: a # h\n# end\n",
            "spec:\n  host: a # h\n  pool:\n    tcp:\n      maxConnections: 40\n    http:\n"
            "      maxRetries: 3\n      x: 5s\n# end\n",
        ),
        (
            "spec: {host: a}\n",
            "spec: {pool: {tcp: {maxConnections: 40}, http: {maxRetries: 3, x: 5s}}, host: a}\n",
        ),
        (
            '{"spec": {"host": "a"}}',
            '{"spec": {"pool": {"tcp": {"maxConnections": 40}, "http": {"maxRetries": 3, '
            '"x": "5s"}}, "host": "a"}}',
        ),
        ("spec: {}\n", "spec: {pool: {tcp: {maxConnections: 40}, http: {maxRetries: 3, x: 5s}}}\n"),
        (
            "spec:\n  pool: # none\n  host: a\n",
            "spec:\n  pool: {tcp: {maxConnections: 40}, http: {maxRetries: 3, x: 5s}} # none\n"
            "  host: a\n",
        ),
    ],
)
def test_a_mapping_is_written_in_the_style_of_its_place(text: str, expected: str) -> None:
    assert set_values(text, [SetValue(0, ("spec",), "pool", POLICY)]) == expected  # type: ignore[arg-type]


def test_a_number_takes_no_quotes() -> None:
    assert set_values('a: "1"\n', [SetValue(0, (), "a", 2)]) == "a: 2\n"
    assert set_values("a: 1 # n\n", [SetValue(0, (), "a", 12.5)]) == "a: 12.5 # n\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\ngone: 2 # x\n# about b\nb: 3\n", "a: 1\n# about b\nb: 3\n"),
        ("gone:\n  x: 1\n  y: 2\n\nb: 3\n", "\nb: 3\n"),
        ("a: 1\ngone: 2", "a: 1\n"),
        ("a: 1\r\ngone: 2\r\nb: 3\r\n", "a: 1\r\nb: 3\r\n"),
        ("a: 1\ngone: |\n  text\nb: 3\n", "a: 1\nb: 3\n"),
        ("{gone: 1, b: 2}", "{b: 2}"),
        ("{a: 1, gone: 2}", "{a: 1}"),
        ("{a: 1, gone: 2, b: {c: 3}}", "{a: 1, b: {c: 3}}"),
        ("{gone: 2 }", "{ }"),
    ],
)
def test_a_value_is_taken_away_with_its_line(text: str, expected: str) -> None:
    assert set_values(text, [SetValue(0, (), "gone", None)]) == expected


def test_a_value_that_shares_its_line_is_not_taken_away() -> None:
    with pytest.raises(EditError, match="shares its line"):
        set_values("- gone: 1\n  b: 2\n", [SetValue(0, (0,), "gone", None)])


def test_a_value_from_a_merge_key_cannot_be_taken_away() -> None:
    with pytest.raises(EditError, match="merge key"):
        set_values("base: &b {x: 1}\na:\n  <<: *b\n  y: 1\n", [SetValue(0, ("a",), "x", None)])


def test_neighbours_on_one_line_are_taken_away_together() -> None:
    changes = [SetValue(0, (), "a", 0), SetValue(0, (), "b", None), SetValue(0, (), "c", None)]
    assert set_values("{a: 1, b: 2, c: 3} # x\n", changes) == "{a: 0} # x\n"
    assert set_values("a: 1\nb: 2\nc: 3\n", changes) == "a: 0\n"
