from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observe.export.hosts import (
    abbreviates,
    covers,
    domain_of,
    is_domain,
    is_host,
    is_label,
    overlap,
    resolve,
    short_name,
)

LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


def test_a_short_host_is_completed_with_the_namespace_of_its_object() -> None:
    assert resolve("payment", "shop") == "payment.shop.svc.cluster.local"
    assert resolve("payment", "shop", "corp.test") == "payment.shop.svc.corp.test"


@pytest.mark.parametrize("host", ["payment.shop", "api.example.com", "*", "*.example.com"])
def test_a_host_with_a_dot_or_a_star_is_taken_as_it_stands(host: str) -> None:
    assert resolve(host, "shop") == host


def test_a_dotted_name_that_stops_short_is_noticed() -> None:
    service = "payment.shop.svc.cluster.local"
    assert abbreviates("payment.shop", service)
    assert abbreviates("payment.shop.svc", service)
    assert not abbreviates("payment", service)
    assert not abbreviates(service, service)
    assert not abbreviates("payment.sho", service)


def test_a_wildcard_covers_what_ends_like_it() -> None:
    assert covers("*", "a.b")
    assert covers("*.shop.svc.cluster.local", "payment.shop.svc.cluster.local")
    assert not covers("*.shop.svc.cluster.local", "payment.ship.svc.cluster.local")
    assert not covers("payment.shop", "payment.shop")
    assert overlap("*.com", "*.foo.com")
    assert not overlap("*.foo.com", "*.bar.com")


@settings(deadline=None)
@given(LABELS, LABELS)
def test_the_short_name_undoes_the_completion(name: str, namespace: str) -> None:
    assert short_name(resolve(name, namespace), namespace) == name
    assert domain_of(resolve(name, namespace, "corp.test")) == "corp.test"


@pytest.mark.parametrize("bad", ["", "a" * 64, "-a", "a-", "A", "a_b", "a.b", "a\n", "../x", "ä"])
def test_what_dns_does_not_allow_is_no_label(bad: str) -> None:
    assert not is_label(bad)


@pytest.mark.parametrize("bad", ["", "a..b", "a/../b", ".a", "a.", "a\n.b", "a." * 127 + "aa"])
def test_what_dns_does_not_allow_is_no_domain(bad: str) -> None:
    assert not is_domain(bad)


def test_hosts_may_be_wildcards_of_a_whole_label_only() -> None:
    assert is_host("*") and is_host("*.example.com") and is_host("payment")
    assert not is_host("a*.example.com") and not is_host("*example.com") and not is_host("*.*")
