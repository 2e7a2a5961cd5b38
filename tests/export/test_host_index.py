from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from observe.export.host_index import HostIndex
from observe.export.hosts import abbreviates, covers, resolve

SERVICE = "payment.shop.svc.cluster.local"
WRITTEN = (
    *("payment", "cart", "pay", "", SERVICE, f"{SERVICE}.", "payment.web.svc.cluster.local"),
    *("payment.shop", "payment.shop.svc", "*", "*.local", "*.web.local"),
)
hosts = st.sampled_from(WRITTEN)


@settings(deadline=None)
@given(st.lists(st.lists(hosts, max_size=3), max_size=6))
def test_no_object_that_has_to_do_with_a_service_is_missed(objects: list[list[str]]) -> None:
    def concerned(written: list[str]) -> bool:
        return any(
            resolve(host, "shop") == SERVICE or covers(host, SERVICE) or abbreviates(host, SERVICE)
            for host in written
        )

    found = HostIndex(objects, lambda item: item).candidates(SERVICE)
    assert [item for item in found if concerned(item)] == [i for i in objects if concerned(i)]


def test_objects_of_other_services_are_not_looked_at() -> None:
    index = HostIndex([["cart"], ["payment"], ["*.shop.svc.cluster.local"]], lambda item: item)
    assert index.candidates(SERVICE) == (["payment"], ["*.shop.svc.cluster.local"])
