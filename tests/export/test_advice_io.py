from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export_samples import advice, recommendation

from observe.errors import InputError
from observe.export.advice_io import load_advice, parse_advice

GOOD = advice(recommendation(current="1s"), recommendation(cluster="west"))


def document() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(GOOD.model_dump_json(by_alias=True))
    return data


def complaint(data: object) -> str:
    with pytest.raises(InputError) as caught:
        parse_advice(data if isinstance(data, str) else json.dumps(data), "r.json")
    assert "\n" not in str(caught.value)
    return caught.value.message


def test_what_was_written_reads_back_the_same(tmp_path: Path) -> None:
    file = tmp_path / "recommendations.json"
    file.write_text(GOOD.model_dump_json(by_alias=True, indent=2))
    assert load_advice(file) == GOOD
    assert load_advice(tmp_path) == GOOD


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"recommendations\.json does not exist"):
        load_advice(tmp_path)
    (tmp_path / "x.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        load_advice(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "r.json, line 1: Expecting value"),
        ('{\n"a": 1,\n}', "r.json, line 3: "),
        ("[]", "r.json: not a recommendations file"),
        ('{"kind": "List"}', "r.json: not a recommendations file"),
        ('{"schemaVersion": NaN}', "r.json: NaN is not a JSON number"),
        ("[" * 100_000, "r.json: not readable as JSON"),
        ('{"schemaVersion": "observe/v2"}', "r.json: schemaVersion is 'observe/v2', this release"),
        ('{"schemaVersion": 1}', "r.json: schemaVersion is 1, this release reads observe/v1"),
    ],
)
def test_garbage_is_named(text: str, expected: str) -> None:
    assert complaint(text).startswith(expected)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("proposed", "timeout"), "0s", "proposed.timeout: the duration '0s' is shorter"),
        (("proposed", "timeout"), 850, "proposed.timeout: 850 is not a duration"),
        (("proposed",), {}, "proposed.timeout: it is missing"),
        (("current", "timeout"), "soon", "current.timeout: 'soon' is not a duration"),
        (("confidence",), "sure", "confidence: Input should be 'low', 'medium' or 'high'"),
        (("target", "namespace"), None, "target.namespace: Input should be a valid string"),
        (("evidence", "requests"), "many", "evidence.requests: Input should be a valid number"),
        (("note",), "by hand", "note: Extra inputs are not permitted"),
        (("id",), "timeout/west/shop/payment", "id: 'timeout/west/shop/payment' is given twice"),
    ],
)
def test_a_field_edited_wrongly_is_named(path: tuple[str, ...], value: Any, expected: str) -> None:
    data = document()
    place = data["recommendations"][0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert complaint(data).startswith(f"r.json: recommendations.0.{expected}")


def test_a_current_timeout_of_none_is_fine() -> None:
    data = document()
    data["recommendations"][0]["current"]["timeout"] = None
    current = parse_advice(json.dumps(data), "r").recommendations[0].current
    assert current == {"timeout": None, "source": "vs.yaml:1"}


def test_several_wrong_fields_are_counted() -> None:
    data = document()
    del data["window"], data["source"]
    assert complaint(data) == "r.json: window: Field required (and 1 more)"
