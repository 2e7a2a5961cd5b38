from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observe.bootstrap.rendered import INDEX, changes, write_rendered, yaml_text
from observe.errors import OutputError
from observe.export.yaml_io import load_documents

FILES = {"a.yaml": "a: 1\n", "sub/b.yaml": "b: 2\n"}


def texts(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in folder.rglob("*")
        if p.is_file() and p.name != INDEX
    }


def test_a_new_folder_holds_exactly_what_was_rendered(tmp_path: Path) -> None:
    found = write_rendered(FILES, tmp_path / "out")
    assert [(change.path, change.action) for change in found] == [
        ("a.yaml", "add"),
        ("sub/b.yaml", "add"),
    ]
    assert texts(tmp_path / "out") == FILES


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    write_rendered(FILES, tmp_path)
    before = (tmp_path / "a.yaml").stat().st_mtime_ns
    assert write_rendered(FILES, tmp_path) == []
    assert (tmp_path / "a.yaml").stat().st_mtime_ns == before


def test_stale_files_and_folders_of_an_earlier_run_go_and_others_stay(tmp_path: Path) -> None:
    write_rendered(FILES, tmp_path)
    (tmp_path / "overlay.yaml").write_text("mine: 1\n")
    found = write_rendered({"a.yaml": "a: 1\n"}, tmp_path)
    assert [(change.path, change.action) for change in found] == [("sub/b.yaml", "remove")]
    assert texts(tmp_path) == {"a.yaml": "a: 1\n", "overlay.yaml": "mine: 1\n"}
    assert not (tmp_path / "sub").exists()


@pytest.mark.parametrize("path", ["a.yaml", "sub/b.yaml"])
def test_a_file_changed_by_hand_is_refused_and_nothing_is_written(
    tmp_path: Path, path: str
) -> None:
    write_rendered(FILES, tmp_path)
    (tmp_path / path).write_text("mine: 1\n")
    before = texts(tmp_path)
    with pytest.raises(OutputError, match="was changed by hand"):
        write_rendered({"a.yaml": "a: 9\n"}, tmp_path)
    assert texts(tmp_path) == before


def test_a_file_that_someone_else_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine: 1\n")
    with pytest.raises(OutputError, match="was not written by this command"):
        write_rendered(FILES, tmp_path)
    assert texts(tmp_path) == {"a.yaml": "mine: 1\n"}


def test_a_run_stopped_half_way_is_completed_by_the_next(tmp_path: Path) -> None:
    write_rendered(FILES, tmp_path)
    fresh = {"a.yaml": "a: 3\n", "sub/b.yaml": "b: 4\n"}
    old = json.loads((tmp_path / INDEX).read_text())
    write_rendered(fresh, tmp_path)
    new = json.loads((tmp_path / INDEX).read_text())
    both = {path: [*old["files"][path], *new["files"][path]] for path in fresh}
    (tmp_path / INDEX).write_text(json.dumps(old | {"files": both}))
    (tmp_path / "a.yaml").write_text(FILES["a.yaml"])
    assert [change.path for change in write_rendered(fresh, tmp_path)] == ["a.yaml"]
    assert texts(tmp_path) == fresh


def test_a_listing_that_points_outside_the_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_rendered(FILES, out)
    index = json.loads((out / INDEX).read_text())
    index["files"]["../victim"] = [""]
    (out / INDEX).write_text(json.dumps(index))
    (tmp_path / "victim").write_text("")
    with pytest.raises(OutputError, match="no path inside"):
        write_rendered(FILES, out)
    assert (tmp_path / "victim").exists()


def test_the_difference_names_old_and_new_lines(tmp_path: Path) -> None:
    write_rendered(FILES, tmp_path)
    (change,) = changes({**FILES, "a.yaml": "a: 2\n"}, tmp_path)
    assert change.diff == "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n"


def test_texts_of_several_lines_are_blocks() -> None:
    assert yaml_text([{"expr": "sum(\n  up\n)\n", "record": "a:b:c"}]) == (
        "expr: |\n  sum(\n    up\n  )\nrecord: a:b:c\n"
    )


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]) | st.just("\n")))
def test_any_text_reads_back_as_it_was(text: str) -> None:
    (document,) = load_documents(yaml_text([{"text": text}]), "x")
    assert document.data == {"text": text}
