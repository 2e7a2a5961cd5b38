from __future__ import annotations

from pathlib import Path

from export_samples import PAYMENT, advice, recommendation
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.export.hosts import is_label
from observe.export.provenance import provenance
from observe.export.validate import problems
from observe.export.virtualservice import object_name, virtual_service
from observe.export.yaml_io import dump_documents

GOLDEN = Path(__file__).with_name("golden")


def test_the_name_is_derived_from_the_service() -> None:
    assert object_name(PAYMENT, "shop") == "observe-payment"


def test_a_name_that_is_taken_is_numbered() -> None:
    assert object_name(PAYMENT, "shop", {"observe-payment"}) == "observe-payment-2"
    taken = {"observe-payment", "observe-payment-2"}
    assert object_name(PAYMENT, "shop", taken) == "observe-payment-3"


def test_names_that_are_cut_stay_apart() -> None:
    long = "a" * 60
    left = object_name(f"{long}b.shop.svc.cluster.local", "shop")
    right = object_name(f"{long}c.shop.svc.cluster.local", "shop")
    assert left != right
    assert len(left) == len(right) == 63


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(["shop", ""]))
def test_every_name_is_a_dns_label(host: str, namespace: str) -> None:
    first = object_name(host, namespace)
    assert is_label(first)
    assert is_label(object_name(host, namespace, {first}))


def test_an_external_host_does_not_share_the_name_of_a_service_like_it() -> None:
    external = object_name("api.example.com", "shop")
    assert external.startswith("observe-api-example-com-")
    assert external != object_name("api-example-com.shop.svc.cluster.local", "shop")


def test_a_new_object_is_written_as_shown_in_the_documentation() -> None:
    item = recommendation()
    data = virtual_service(
        PAYMENT,
        "shop",
        {"timeout": "850ms"},
        provenance(advice(item), [item]),
        name="observe-payment",
    )
    assert problems(data) == []
    assert "retries" not in data["spec"]["http"][0]
    assert dump_documents([data]) == (GOLDEN / "virtualservice.yaml").read_text()
