"""The knobs and the page that explains them."""

from pathlib import Path

import pytest

from observe.recommend.resource_policy import BALANCED, COST, SAFE, ResourcePolicy, VariantPolicy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "method-resources.md"


def test_every_knob_is_named_on_the_page():
    text = PAGE.read_text("utf-8")
    fields = VariantPolicy.model_fields | ResourcePolicy.model_fields
    named = {f.alias for f in fields.values()} - {"cost", "balanced", "safe", "intervalConfidence"}
    assert {name for name in named if name not in text} == set()


@pytest.mark.parametrize("name", VariantPolicy.model_fields)
def test_safe_is_never_bolder_than_balanced_nor_balanced_than_cost(name):
    values = [getattr(v, name) for v in (COST, BALANCED, SAFE)]
    falls = {"most_above", "outlier_hours", "accepted_throttling"}
    assert values == sorted(values, reverse=name in falls)


def test_the_page_gives_the_defaults():
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]]
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    by_alias = {f.alias: name for name, f in VariantPolicy.model_fields.items()}
    table = {row[0]: row[1:4] for row in rows if row[0] in by_alias}
    assert set(table) == set(by_alias)
    for alias, cells in table.items():
        for cell, variant in zip(cells, (COST, BALANCED, SAFE), strict=True):
            factor = 100 if cell.endswith("%") else 1
            stated = float(cell.removesuffix("%"))
            assert getattr(variant, by_alias[alias]) * factor == pytest.approx(stated), alias
