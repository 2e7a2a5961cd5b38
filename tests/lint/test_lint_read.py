"""Files as people have them: lists, anchors, other kinds, and what cannot be read."""

from pathlib import Path

import pytest
from lint_samples import expanded, route

from observe.lint.engine import lint
from observe.lint.read import MAX_BYTES, read_inventory

GOOD = expanded(route("timeout: 2s\nretries: {attempts: 3, perTryTimeout: 2s}"))


def _folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_items_of_a_list_have_lines_of_their_own(tmp_path):
    text = (
        "apiVersion: v1\nkind: List\nitems:\n"
        "  - apiVersion: v1\n    kind: Service\n    metadata: {name: x}\n"
        "  - apiVersion: networking.istio.io/v1beta1\n    kind: VirtualService\n"
        "    metadata: {name: a, namespace: shop}\n    spec:\n      hosts: [a]\n      http:\n"
        "        - route: [{destination: {host: a}}]\n          timeout: &t 2s\n"
        "          retries:\n            attempts: 3\n            perTryTimeout: *t\n"
    )
    inventory = read_inventory([_folder(tmp_path, list=text)])
    assert inventory.others == {"Service": 1}
    (finding,) = lint(inventory.objects)
    # an alias stands where its anchor does
    assert (finding.code, finding.line) == ("PER_TRY_NOT_BELOW_TIMEOUT", 14)
    assert finding.file == f"{tmp_path}/list.yaml"


def test_one_file_that_cannot_be_read_keeps_no_other_from_being_judged(tmp_path):
    _folder(tmp_path, bad="kind: [networking.istio.io/\n", good=GOOD)
    (tmp_path / "binary.yaml").write_bytes(b"networking.istio.io/\xff\x00")
    inventory = read_inventory([tmp_path])
    assert [f.code for f in lint(inventory.objects)] == ["PER_TRY_NOT_BELOW_TIMEOUT"]
    messages = [error.message for error in inventory.unreadable]
    assert messages[0].startswith(f"{tmp_path}/bad.yaml, line 2: ")
    assert messages[1] == f"{tmp_path}/binary.yaml: byte 20 is not UTF-8"


def test_chart_templates_in_a_folder_are_named_and_left_alone(tmp_path):
    text = "apiVersion: networking.istio.io/v1\n{{ if .x }}\nkind: {{ .kind }}\n{{ end }}\n"
    inventory = read_inventory([_folder(tmp_path, chart=text)])
    assert inventory.templates == [f"{tmp_path}/chart.yaml"]
    assert inventory.unreadable == []
    (error,) = read_inventory([tmp_path / "chart.yaml"]).unreadable  # named itself
    assert "chart.yaml, line" in error.message


def test_files_without_istios_api_are_not_parsed(tmp_path):
    inventory = read_inventory([_folder(tmp_path, other="a: [", good=GOOD)])
    assert inventory.unreadable == []
    assert len(inventory.objects) == 1


def test_a_file_beyond_all_measure_is_refused_unread(tmp_path):
    with (tmp_path / "huge.yaml").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    (error,) = read_inventory([tmp_path]).unreadable
    assert str(error) == f"{tmp_path}/huge.yaml is larger than 20 MB. split it"


def test_links_that_lead_in_circles_end(tmp_path):
    _folder(tmp_path, good=GOOD)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "again").symlink_to(".")
    assert len(read_inventory([tmp_path]).objects) == 1


def test_kinds_of_other_groups_are_counted_not_judged(tmp_path):
    text = "kind: VirtualService\napiVersion: example.com/v1\n---\nhello\n---\n- 1\n---\nkind: 3\n"
    inventory = read_inventory([_folder(tmp_path, a=text) / "a.yaml"])
    assert inventory.objects == []
    assert inventory.others == {"VirtualService": 1, "no kind": 3}


def test_folders_below_the_one_named_are_known(tmp_path):
    for name in ("east", "west"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(GOOD)
    assert [o.folder for o in read_inventory([tmp_path]).objects] == ["east", "west"]
    both = read_inventory([tmp_path / "east", tmp_path / "west"])
    assert [o.folder for o in both.objects] == ["east", "west"]
    assert [o.folder for o in read_inventory([tmp_path / "east"]).objects] == [""]


@pytest.mark.parametrize(
    ("mesh", "attempts", "root"),
    [
        ("defaultHttpRetryPolicy: {attempts: 0}", 0, None),
        ("defaultHttpRetryPolicy: {retryOn: 5xx}\n    rootNamespace: mesh", 0, "mesh"),
        ("accessLogFile: /dev/stdout", None, None),
    ],
)
def test_the_mesh_configuration_tells_default_retries_and_root_namespace(
    tmp_path, mesh, attempts, root
):
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
        f"data:\n  mesh: |-\n    {mesh}\n"
    )
    inventory = read_inventory([_folder(tmp_path, istio=text) / "istio.yaml"])
    assert (inventory.default_attempts, inventory.root_namespace) == (attempts, root)
