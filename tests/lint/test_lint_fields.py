"""The table of fields is that of Istio's CustomResourceDefinitions."""

from typing import Any

import pytest
from reference import reference

from observe.export.crd import load_crds
from observe.lint.fields import DEPRECATED, SINCE, SPECS


def _paths(fields: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(fields, list):
        return _paths(fields[0], path)
    if not isinstance(fields, dict):
        return {path}
    return {path}.union(*(_paths(inner, (*path, name)) for name, inner in fields.items()))


def _defined(schema: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    inner = schema.get("items", schema)
    found = {path}
    for name, part in inner.get("properties", {}).items():
        found |= _defined(part, (*path, name))
    if isinstance(inner.get("additionalProperties"), dict):
        found |= _defined(inner["additionalProperties"], (*path, "*"))
    return found


@pytest.mark.shared
@pytest.mark.parametrize("kind", SPECS)
def test_the_fields_are_those_of_the_definition(kind):
    crds = load_crds(reference("istio", "crd-all.gen.yaml"), frozenset({kind}))
    schema = crds.schemas["networking.istio.io/v1", kind]["properties"]["spec"]
    assert _paths(SPECS[kind]) == _defined(schema)


def test_each_field_with_a_history_exists():
    known = {path[-2:] for fields in SPECS.values() for path in _paths(fields)}
    assert SINCE.keys() | DEPRECATED.keys() <= known
