from __future__ import annotations

from pathlib import Path

import pytest
from export_samples import PAYMENT, ROUTE, current_of, virtual_service

from observe.errors import InputError
from observe.export.current import Current, namespace_of, read_current

ROUTE_3S = ROUTE + "    timeout: 3s\n"


def test_a_timeout_is_found_by_the_full_name_of_a_short_host(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"shop/vs.yaml": "# ours\n" + virtual_service(ROUTE_3S)})
    found = current.timeout_for(PAYMENT)
    assert found is not None
    assert (found.timeout_ms, found.differ, found.conflict, found.wildcard) == (
        3000.0,
        False,
        False,
        False,
    )
    assert found.source == "shop/vs.yaml:2"
    assert found.routes[0].line == 10
    assert current.timeout_for("cart.shop.svc.cluster.local") is None
    assert current.timeout_for("payment.other.svc.cluster.local") is None


def test_routes_that_differ_have_no_single_timeout(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"vs.yaml": virtual_service(ROUTE_3S + ROUTE)})
    found = current.timeout_for(PAYMENT)
    assert found is not None
    assert found.route_timeouts_ms == (3000.0, None)
    assert found.differ and found.timeout_ms is None


def test_zero_seconds_are_no_timeout(tmp_path: Path) -> None:
    text = virtual_service(ROUTE + "    timeout: 0s\n")
    found = current_of(tmp_path, {"vs.yaml": text}).timeout_for(PAYMENT)
    assert found is not None and found.route_timeouts_ms == (None,)


def test_two_objects_for_a_host_are_kept_as_a_conflict(tmp_path: Path) -> None:
    files = {"a.yaml": virtual_service(ROUTE_3S), "b.yml": virtual_service(ROUTE, name="second")}
    found = current_of(tmp_path, files).timeout_for(PAYMENT)
    assert found is not None and found.conflict
    assert found.source == "a.yaml:1, b.yml:1"
    assert found.route_timeouts_ms == (3000.0, None)


def test_an_object_bound_to_a_gateway_alone_does_not_count(tmp_path: Path) -> None:
    bound = virtual_service(ROUTE_3S, more="  gateways: [public]\n")
    assert current_of(tmp_path, {"a.yaml": bound}).timeout_for(PAYMENT) is None
    both = virtual_service(ROUTE_3S, more="  gateways: [public, mesh]\n")
    found = current_of(tmp_path, {"a.yaml": both}).timeout_for(PAYMENT)
    assert found is not None and found.timeout_ms == 3000.0


def test_a_route_for_a_gateway_alone_does_not_count(tmp_path: Path) -> None:
    only = ROUTE + "    timeout: 9s\n    match: [{gateways: [public]}]\n"
    text = virtual_service(only + ROUTE_3S, more="  gateways: [public, mesh]\n")
    found = current_of(tmp_path, {"a.yaml": text}).timeout_for(PAYMENT)
    assert found is not None and found.route_timeouts_ms == (3000.0,)


def test_a_wildcard_counts_when_no_object_names_the_host(tmp_path: Path) -> None:
    http = ROUTE_3S.replace("payment", PAYMENT)
    wild = virtual_service(http, hosts='["*.shop.svc.cluster.local"]')
    found = current_of(tmp_path, {"a.yaml": wild}).timeout_for(PAYMENT)
    assert found is not None and found.wildcard and found.timeout_ms == 3000.0
    found = current_of(tmp_path, {"b.yaml": virtual_service(ROUTE)}).timeout_for(PAYMENT)
    assert found is not None and not found.wildcard and found.source == "b.yaml:1"


def test_lists_and_other_kinds_and_several_documents_are_read(tmp_path: Path) -> None:
    item = virtual_service(ROUTE_3S).replace("\n", "\n  ").rstrip()
    text = f"kind: Service\nmetadata: {{name: a}}\n---\n---\nkind: List\nv: 1\nitems:\n- {item}\n"
    current = current_of(tmp_path, {"all.yaml": text})
    (found,) = current.objects
    assert (found.name, found.path, found.document.index, found.line) == (
        "payment",
        ("items", 0),
        2,
        8,
    )


def test_another_group_with_the_same_kind_is_not_istios(tmp_path: Path) -> None:
    text = virtual_service(ROUTE).replace("networking.istio.io/v1", "example.com/v1")
    assert current_of(tmp_path, {"a.yaml": text}).objects == ()


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_all_served_versions_are_read(tmp_path: Path, version: str) -> None:
    text = virtual_service(ROUTE_3S).replace("io/v1", f"io/{version}")
    assert len(current_of(tmp_path, {"a.yaml": text}).objects) == 1


EAST_WEST = {
    "east/vs.yaml": virtual_service(ROUTE_3S),
    "west/vs.yaml": virtual_service(ROUTE_3S.replace("3s", "5s")),
}


def timeout(current: Current, cluster: str | None) -> float | None:
    found = current.timeout_for(PAYMENT, cluster)
    return found.timeout_ms if found else None


def test_a_folder_named_after_a_cluster_counts_for_that_cluster_only(tmp_path: Path) -> None:
    current = current_of(tmp_path, EAST_WEST)
    assert timeout(current, "east") == 3000.0
    assert timeout(current, "west") == 5000.0
    known = current.with_clusters(["east", "west", "north"])
    assert timeout(known, "east") == 3000.0
    assert known.timeout_for(PAYMENT, "north") is None


def test_files_outside_folders_of_clusters_count_for_all(tmp_path: Path) -> None:
    current = current_of(tmp_path, {"shop/vs.yaml": virtual_service(ROUTE_3S)})
    assert timeout(current, "east") == timeout(current, "west") == 3000.0
    mixed = current_of(tmp_path, {"west/vs.yaml": virtual_service(ROUTE)})
    assert timeout(mixed.with_clusters(["east", "west"]), "east") == 3000.0


def test_several_paths_keep_the_folders_that_tell_them_apart(tmp_path: Path) -> None:
    current_of(tmp_path, EAST_WEST)
    current = read_current((tmp_path / "east", tmp_path / "west"))
    assert sorted(current.texts) == ["east/vs.yaml", "west/vs.yaml"]
    assert timeout(current, "west") == 5000.0


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    current_of(tmp_path, EAST_WEST)
    file = tmp_path / "east" / "vs.yaml"
    assert len(read_current((file, file)).objects) == 1


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_current(tmp_path / "nowhere")


def test_manifests_beside_them_that_are_no_yaml_do_not_matter_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text("a: {{ .Values.x }}\n")
    assert read_current(tmp_path).taken == {"chart.yaml"}
    with pytest.raises(InputError, match=r"chart\.yaml, line 1"):
        read_current(tmp_path / "chart.yaml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("timeout: 3s", "timeout: soon", "line 11: the timeout 'soon' is not a duration"),
        ("timeout: 3s", "timeout: 5", "line 11: the timeout 5 is not a duration"),
        ("hosts: [payment]", "hosts: payment", "line 7: spec.hosts is not a list of names"),
        ("hosts: [payment]", "hosts: [1]", "line 7: spec.hosts is not a list of names"),
        ("  - route:", "  - text\n  - route:", "line 9: spec.http.0 is not a mapping"),
        ("  namespace: shop", "  namespace: [", "line 7: "),
    ],
)
def test_wrong_fields_are_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    text = virtual_service(ROUTE_3S).replace(old, new)
    with pytest.raises(InputError) as caught:
        current_of(tmp_path, {"a.yaml": text}).timeout_for(PAYMENT)
    assert caught.value.message.startswith(f"{tmp_path}/a.yaml, {complaint}")


def test_the_namespace_of_a_host_is_told_from_its_name() -> None:
    assert namespace_of(PAYMENT) == "shop"
    assert namespace_of("api.example.com") == ""
