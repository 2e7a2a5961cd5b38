from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from observe.recommend.model import Advice
from observe.recommend.schema import SCHEMA_FILE, json_schema, schema_text

EVIDENCE = {
    "requests": 1234567.0,
    "quantile": 0.999,
    "estimateMs": 640.0,
    "lowMs": 588.0,
    "highMs": 731.0,
    "bracketLowMs": 500.0,
    "bracketHighMs": None,
    "busyHours": 17,
    "busyRequests": 180000.0,
    "weekEstimateMs": 610.0,
    "medianMs": 42.0,
    "censoredFraction": 0.0,
    "designEffect": 1.3,
    "coverage": 0.998,
}
TARGET = {"cluster": "east", "namespace": "shop", "service": "payment.shop.svc.cluster.local"}


def sample() -> dict[str, Any]:
    """A document as a person would write it: what has a default is left out."""
    return {
        "schemaVersion": "observe/v1",
        "generatedAt": "2026-11-22T06:00:00Z",
        "window": {
            "start": "2026-11-15T00:00:00Z",
            "end": "2026-11-22T00:00:00Z",
            "stepSeconds": 300,
            "coarseStepSeconds": 3600,
        },
        "source": {"kind": "prometheus", "flavour": "raw", "coverage": 0.998, "warnings": []},
        "recommendations": [
            {
                "id": "timeout/east/shop/payment",
                "kind": "timeout",
                "target": copy.copy(TARGET),
                "current": None,
                "proposed": {"timeout": "850ms"},
                "confidence": "high",
                "severity": "warning",
                "reasons": ["TIMEOUT_NONE_SET"],
                "message": "Nothing limits a call of payment.",
                "evidence": copy.copy(EVIDENCE),
                "predicted": {"fractionCut": 0.0005, "requestsCutPerDay": 88.0},
                "predictedInterval": {"fractionCut": [0.0003, 0.0008]},
            }
        ],
        "withheld": [
            {
                "kind": "timeout",
                "target": copy.copy(TARGET),
                "reason": "STREAM",
                "message": "a stream",
            }
        ],
    }


def errors(document: Any) -> list[str]:
    found = Draft202012Validator(json_schema()).iter_errors(document)
    return sorted(
        ".".join(map(str, leaf.absolute_path)) for error in found for leaf in leaves(error)
    )


def leaves(error: ValidationError) -> list[ValidationError]:
    """What is wrong with a recommendation, seen as one of the kind that it says it is."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    wrong_kind = [b for b in branches.values() if any(e.path and e.path[-1] == "kind" for e in b)]
    right = [e for b in branches.values() if b not in wrong_kind for e in b]
    return right or ([e for e in wrong_kind[0] if e.path[-1] == "kind"] if wrong_kind else [error])


def test_the_published_schema_is_the_one_of_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "run: python -m observe.recommend.schema"
    )


def test_the_schema_is_a_schema_and_says_what_it_is() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "urn:mesh-observe:recommendations:observe/v1"
    assert schema["title"] == "recommendations.json, observe/v1"
    assert "schemaVersion" in schema["required"] and "generatedAt" in schema["properties"]


def test_a_sample_is_valid_for_the_schema_and_for_the_models() -> None:
    assert errors(sample()) == []
    advice = Advice.model_validate(sample())
    assert advice.recommendations[0].evidence.estimate_ms == 640.0


def test_what_the_models_write_is_valid() -> None:
    written = json.loads(Advice.model_validate(sample()).model_dump_json(by_alias=True))
    assert errors(written) == []
    empty = Advice.model_validate({k: v for k, v in sample().items() if k != "recommendations"})
    assert empty.generated_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert errors(json.loads(empty.model_dump_json(by_alias=True))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schemaVersion",), "observe/v2"),
        (("recommendations", 0, "kind"), "magic"),
        (("recommendations", 0, "confidence"), "sure"),
        (("recommendations", 0, "evidence", "requests"), "many"),
        (("window", "stepSeconds"), 0),
        (("withheld", 0, "target", "namespace"), None),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(path: tuple[Any, ...], value: Any) -> None:
    document = sample()
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert errors(document) == [".".join(map(str, path))]
