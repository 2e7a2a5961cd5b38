from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from export_samples import ROUTE, advice, current_of, recommendation, virtual_service

from observe.errors import InputError
from observe.export.crd import CrdSchemas, load_crds, strict
from observe.export.options import ExportOptions
from observe.export.plan import plan_export
from observe.export.yaml_io import load_documents

SMALL = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names:
    kind: VirtualService
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              port: {x-kubernetes-int-or-string: true}
              note: {type: string, nullable: true}
"""


def small(tmp_path: Path) -> CrdSchemas:
    file = tmp_path / "crd.yaml"
    file.write_text("kind: Other\nbroken: {{\n---\n" + SMALL)
    return load_crds(file)


def sample(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "VirtualService",
        "metadata": {"name": "a"},
        "spec": spec,
    }


def test_only_the_definitions_that_are_wanted_are_parsed(tmp_path: Path) -> None:
    assert list(small(tmp_path).schemas) == [("example.com/v1", "VirtualService")]


def test_types_and_unknown_fields_are_judged(tmp_path: Path) -> None:
    crds = small(tmp_path)
    assert crds.problems(sample(port=1, note=None)) == []
    assert crds.problems(sample(port="http", note="x")) == []
    assert crds.problems(sample(port=1.5)) == ["spec.port: 1.5 is not of type 'integer', 'string'"]
    (unknown,) = crds.problems(sample(timeuot="1s"))
    assert unknown.startswith("spec: Additional properties are not allowed")
    with pytest.raises(InputError, match="no definition of VirtualService in other/v1"):
        crds.problems(sample() | {"apiVersion": "other/v1"})


def test_a_file_without_the_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("kind: Service\n")
    with pytest.raises(InputError, match="defines none of VirtualService"):
        load_crds(file)


def test_open_objects_stay_open() -> None:
    open_map = {"type": "object", "additionalProperties": {"type": "string"}}
    assert strict(open_map) == open_map
    kept = {"properties": {}, "x-kubernetes-preserve-unknown-fields": True}
    assert "additionalProperties" not in strict(kept)


@pytest.fixture(scope="module")
def istio() -> CrdSchemas:
    beside = Path(__file__).parents[2].parent / "shared"
    file = Path(os.environ.get("OBSERVE_SHARED", beside)) / "istio" / "crd-all.gen.yaml"
    if not file.exists():
        pytest.skip("Istio's definitions are not kept beside the checkout ($OBSERVE_SHARED)")
    return load_crds(file)


@pytest.mark.shared
@pytest.mark.parametrize("version", ["1.21", "1.31"])
def test_every_exported_object_has_the_structure_that_istio_defines(
    istio: CrdSchemas, tmp_path: Path, version: str
) -> None:
    current = current_of(tmp_path, {"vs.yaml": virtual_service(ROUTE)})
    items = [recommendation(known=True), recommendation("cart.shop.svc.cluster.local")]
    plan = plan_export(advice(*items), current, ExportOptions(istio_version=version))
    assert len(plan.files) == 2
    for text in plan.files.values():
        for document in load_documents(text, "x"):
            assert istio.problems(document.data) == []


@pytest.mark.shared
def test_istios_definition_refuses_what_it_does_not_know(istio: CrdSchemas) -> None:
    (document,) = load_documents(virtual_service(ROUTE + "    timeuot: 1s\n"), "x")
    (found,) = istio.problems(document.data)
    assert found.startswith("spec.http.0: ") and "timeuot" in found
    (document,) = load_documents(virtual_service(ROUTE + "    timeout: 1\n"), "x")
    assert istio.problems(document.data) == ["spec.http.0.timeout: 1 is not of type 'string'"]
