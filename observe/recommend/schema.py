"""The published JSON schema of `recommendations.json`, made from the models.

`python -m observe.recommend.schema` writes `schema.json` beside this file; a test holds the two
together.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from observe.recommend.model import SCHEMA_VERSION, Advice

SCHEMA_FILE = Path(__file__).with_name("schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the document, field names as they stand in JSON."""
    schema = Advice.model_json_schema(by_alias=True, mode="validation")
    head = {
        "$schema": DIALECT,
        "$id": f"urn:mesh-observe:recommendations:{SCHEMA_VERSION}",
        "title": f"recommendations.json, {SCHEMA_VERSION}",
    }
    schema["required"] = sorted({*schema.get("required", []), "schemaVersion"})
    return head | {key: value for key, value in schema.items() if key != "title"}


def schema_text() -> str:
    """The content of `schema.json`."""
    return json.dumps(json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
