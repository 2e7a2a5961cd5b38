from __future__ import annotations

from pathlib import Path

from export_samples import ROUTE, advice, current_of, recommendation, virtual_service

from observe.export.plan import plan_export
from observe.export.summary import summary_markdown

GOLDEN = Path(__file__).with_name("golden")


def test_the_summary_reads_as_shown_in_the_documentation(tmp_path: Path) -> None:
    text = virtual_service(ROUTE + "    timeout: 30s\n")
    current = current_of(tmp_path, {"vs.yaml": text})
    items = advice(
        recommendation(current="30s"),
        recommendation("cart.shop.svc.cluster.local"),
        recommendation("ads.shop.svc.cluster.local", severity="ok"),
        recommendation("Passthrough|Cluster", namespace="unknown"),
    )
    assert summary_markdown(plan_export(items, current)) == (GOLDEN / "summary.md").read_text()


def test_an_export_of_nothing_still_reads_well() -> None:
    assert summary_markdown(plan_export(advice())) == (
        "# Exported recommendations\n\nnothing to create, nothing to edit, 0 refused, "
        "0 with nothing to do.\n"
    )


def test_without_current_settings_the_reader_is_warned() -> None:
    text = summary_markdown(plan_export(advice(recommendation())))
    assert "make sure that none of these hosts has such an object" in text
    assert "kubectl delete -R -f rollback/delete" in text
    assert "rollback/restore" not in text


def test_hostile_names_cannot_break_the_page() -> None:
    item = recommendation("<script>\n# x | `y`", id="timeout/<b>|\n# x")
    text = summary_markdown(plan_export(advice(item)))
    assert "<" not in text.replace("\\<", "")
    assert text.count("\n# ") == 0
