from __future__ import annotations

import json
from pathlib import Path

import pytest
from export_samples import ROUTE, advice, current_of, recommendation, virtual_service

from observe.errors import OutputError
from observe.export.plan import ExportPlan, plan_export
from observe.export.write import export_files, write_export

CART = "cart.shop.svc.cluster.local"


@pytest.fixture
def plan(tmp_path: Path) -> ExportPlan:
    text = virtual_service(ROUTE + "    timeout: 30s\n")
    current = current_of(tmp_path / "there", {"vs.yaml": text})
    return plan_export(advice(recommendation(current="30s"), recommendation(CART)), current)


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_folder_holds_what_to_apply_and_the_way_back(plan: ExportPlan, tmp_path: Path) -> None:
    written = write_export(plan, tmp_path / "new" / "out")
    assert sorted(content(tmp_path / "new" / "out")) == [
        "changes.patch",
        "export.json",
        "manifests/shop/cart.yaml",
        "manifests/vs.yaml",
        "rollback/delete/shop/cart.yaml",
        "rollback/restore/vs.yaml",
        "summary.md",
    ]
    assert written == sorted(p for p in (tmp_path / "new" / "out").rglob("*") if p.is_file())
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out"]


def test_the_same_export_gives_the_same_bytes(plan: ExportPlan, tmp_path: Path) -> None:
    write_export(plan, tmp_path / "out")
    first = content(tmp_path / "out")
    write_export(plan, tmp_path / "out")
    assert content(tmp_path / "out") == first
    assert first == {name: text.encode() for name, text in export_files(plan).items()}


def test_an_earlier_export_is_replaced_as_a_whole(plan: ExportPlan, tmp_path: Path) -> None:
    write_export(plan, tmp_path / "out")
    write_export(plan_export(advice()), tmp_path / "out")
    assert sorted(content(tmp_path / "out")) == ["export.json", "summary.md"]


def test_files_of_others_are_not_touched(plan: ExportPlan, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_export(plan, out)
    (out / "manifests" / "mine.yaml").write_text("kind: Secret\n")
    before = content(out)
    with pytest.raises(OutputError, match=r"such as manifests/mine\.yaml"):
        write_export(plan_export(advice()), out)
    assert content(out) == before


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"schemaVersion": "x", "files": ["a"]}'])
def test_a_folder_with_a_strange_index_is_not_an_earlier_export(
    plan: ExportPlan, tmp_path: Path, index: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "export.json").write_text(index)
    with pytest.raises(OutputError, match="no earlier export"):
        write_export(plan, tmp_path / "out")
    assert content(tmp_path / "out") == {"export.json": index.encode()}


def test_an_empty_folder_is_filled(plan: ExportPlan, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(write_export(plan, tmp_path / "out")) == 7


def test_a_file_in_the_way_is_named(plan: ExportPlan, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        write_export(plan, tmp_path / "out")
    with pytest.raises(OutputError, match="could not be written"):
        write_export(plan, tmp_path / "out" / "below")
    assert (tmp_path / "out").read_text() == "x"


def test_a_full_disk_leaves_the_earlier_export(
    plan: ExportPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_export(plan, out)
    before = content(out)
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "summary.md":
            raise OSError(28, "No space left on device")
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_export(plan_export(advice()), out)
    assert content(out) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "there"]


def test_the_index_says_what_changes_in_numbers(plan: ExportPlan) -> None:
    document = json.loads(export_files(plan)["export.json"])
    assert document["schemaVersion"] == "observe-export/v1"
    assert [
        (c["action"], c["beforeMs"], c["afterMs"], c["limited"]) for c in document["changes"]
    ] == [
        ("create", None, 850, False),
        ("edit", 30000.0, 15000, True),
    ]
    assert len(document["files"]) == 7
