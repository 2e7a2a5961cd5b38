from pathlib import Path

import pytest
from reports import week

from observe.errors import OutputError
from observe.report.build import ReportFiles
from observe.report.write import write_bytes, write_report
from observe.telemetry.snapshot import load

OLD = ReportFiles(html="<p>old", markdown="old", json="{}\n", prom="a 0\n")
NEW = ReportFiles(html="<p>new é", markdown="new", json='{"a": 1}\n', prom="a 1\n")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir() if p.is_file()}


def test_a_report_is_written_into_a_new_folder(tmp_path):
    write_report(NEW, tmp_path / "a" / "b")
    assert contents(tmp_path / "a" / "b") == {
        "report.html": "<p>new é",
        "report.md": "new",
        "recommendations.json": '{"a": 1}\n',
        "recommendations.prom": "a 1\n",
    }


def test_the_snapshot_is_written_beside_it(tmp_path):
    write_report(NEW, tmp_path / "out", week())
    assert load(tmp_path / "out" / "snapshot").manifest == week().manifest
    assert names(tmp_path / "out") == [
        "recommendations.json",
        "recommendations.prom",
        "report.html",
        "report.md",
        "snapshot",
    ]


def test_an_old_report_is_replaced_and_other_files_are_left_alone(tmp_path):
    write_report(OLD, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_report(NEW, tmp_path)
    assert contents(tmp_path)["report.md"] == "new"
    assert contents(tmp_path)["notes.txt"] == "mine"
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("place", ["taken", "taken/below", "taken/far/below"])
def test_a_file_in_the_way_is_one_clear_line(tmp_path, place):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(OutputError, match=r"cannot be written to .*taken.*--output") as raised:
        write_report(NEW, tmp_path / place)
    assert "\n" not in str(raised.value)
    assert (tmp_path / "taken").read_text() == "x"


def test_a_snapshot_that_cannot_be_written_leaves_the_old_report_whole(tmp_path):
    write_report(OLD, tmp_path)
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "precious.txt").write_text("not a snapshot")
    with pytest.raises(OutputError):
        write_report(NEW, tmp_path, week())
    assert contents(tmp_path)["report.html"] == "<p>old"
    assert names(tmp_path) == [
        "recommendations.json",
        "recommendations.prom",
        "report.html",
        "report.md",
        "snapshot",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(OutputError, match="No space left"):
        write_into_full_device(tmp_path)
    assert list(tmp_path.iterdir()) == []


def write_into_full_device(folder):
    """The partial file is a link to a device that is always full."""
    partial = folder / ".chart.png.partial"
    partial.symlink_to("/dev/full")
    write_bytes(folder / "chart.png", b"x" * 10_000)


def test_a_label_that_cannot_be_encoded_does_not_stop_the_report(tmp_path):
    write_report(ReportFiles(html="a\udc80b", markdown="", json="", prom=""), tmp_path)
    assert contents(tmp_path)["report.html"] == "a?b"


def test_a_picture_replaces_the_old_one(tmp_path):
    write_bytes(tmp_path / "a.png", b"old")
    write_bytes(tmp_path / "a.png", b"new")
    assert (tmp_path / "a.png").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1
