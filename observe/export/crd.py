"""The structure that Istio's CustomResourceDefinitions demand of an object.

Only used when such a file is at hand. Unknown fields are refused, as `istioctl validate` and
`kubectl apply --validate=strict` do; the rules written in CEL are not run (`validate` has them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observe.errors import InputError
from observe.export.yaml_io import load_documents, read_text

_DOCUMENT_END = re.compile(r"^---.*$", re.MULTILINE)


@dataclass(frozen=True)
class CrdSchemas:
    """JSON schemas by (apiVersion, kind)."""

    schemas: dict[tuple[str, str], dict[str, Any]]

    def problems(self, data: dict[str, Any]) -> list[str]:
        """What the definition refuses, each as `field: what is wrong`.

        Raises:
            InputError: the package jsonschema is missing, or no definition fits the object.
        """
        try:
            from jsonschema import Draft202012Validator
        except ImportError as error:
            raise InputError(
                "checking against definitions needs the package jsonschema",
                "pip install jsonschema",
            ) from error
        key = (str(data.get("apiVersion")), str(data.get("kind")))
        if key not in self.schemas:
            raise InputError(f"no definition of {key[1]} in {key[0]}")
        found = Draft202012Validator(self.schemas[key]).iter_errors(data)
        return sorted(
            f"{'.'.join(map(str, error.absolute_path)) or key[1]}: {error.message}"
            for error in found
        )


def load_crds(path: Path, kinds: frozenset[str] = frozenset({"VirtualService"})) -> CrdSchemas:
    """The definitions of some kinds in a file of CustomResourceDefinitions.

    Raises:
        InputError: the file cannot be read, is not YAML, or defines none of the kinds.
    """
    schemas: dict[tuple[str, str], dict[str, Any]] = {}
    for part in _DOCUMENT_END.split(read_text(path)):
        # the file is a megabyte: only what is wanted is parsed
        if not any(re.search(rf"^\s*kind: {re.escape(kind)}\s*$", part, re.M) for kind in kinds):
            continue
        for document in load_documents(part, str(path)):
            schemas |= _versions(document.data)
    if not schemas:
        raise InputError(f"{path} defines none of {', '.join(sorted(kinds))}")
    return CrdSchemas(schemas)


def _versions(crd: Any) -> dict[tuple[str, str], dict[str, Any]]:
    if not isinstance(crd, dict) or crd.get("kind") != "CustomResourceDefinition":
        return {}
    spec = crd["spec"]
    kind = spec["names"]["kind"]
    found = {}
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"] |= {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "required": ["name"]},
        }
        found[(f"{spec['group']}/{version['name']}", kind)] = schema
    return found


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema from a structural OpenAPI v3 schema, refusing unknown fields."""
    out = dict(schema)
    if out.pop("x-kubernetes-int-or-string", False):
        out["type"] = ["integer", "string"]
        out.pop("anyOf", None)
    if out.pop("nullable", False) and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if "properties" in out:
        out["properties"] = {name: strict(part) for name, part in out["properties"].items()}
        if not out.get("x-kubernetes-preserve-unknown-fields"):
            out.setdefault("additionalProperties", False)
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = strict(out["additionalProperties"])
    if isinstance(out.get("items"), dict):
        out["items"] = strict(out["items"])
    return out
