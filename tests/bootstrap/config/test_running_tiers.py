"""What arrives at the external tier, under each kind of proof, from a real edge tier."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
import trustme
from tiers_running import Tier, basic, mutual, quick, two_tiers

RATE = "workload:istio_requests:rate5m"

pytestmark = pytest.mark.integration


def arrived(external: Tier) -> list[dict[str, str]]:
    """Labels of the recorded rate, once it is there."""
    found = external.wait_for(f"{RATE} > 0")
    return [one["metric"] for one in found]


def names(tier: Tier) -> set[str]:
    answer = tier.session.get(f"{tier.url}/api/v1/label/__name__/values", timeout=10)
    return set(answer.json()["data"])


@pytest.mark.parametrize("transport", ["federate", "remote-write"])
def test_rates_arrive_with_the_labels_that_they_left_with(tmp_path: Path, transport: str) -> None:
    proof = basic(tmp_path)
    with two_tiers(tmp_path, quick(transport), proof, proof) as (_, external):
        assert arrived(external) == [
            {
                "__name__": RATE,
                "cluster": "east",
                "reporter": "source",
                "source_workload": "web",
                "source_workload_namespace": "shop",
                "destination_service": "cart.shop.svc.cluster.local",
                "destination_workload": "cart",
                "request_protocol": "http",
                "response_code": "200",
                "response_flags": "-",
            }
        ]
        external.wait_for('up{job="prometheus",cluster="east"} == 1')
        assert not {name for name in names(external) if name.startswith("istio_")}
        labels = external.session.get(f"{external.url}/api/v1/labels", timeout=10).json()["data"]
        assert not [label for label in labels if label.startswith("exported_")]


def test_a_client_certificate_opens_federation(tmp_path: Path) -> None:
    authority = trustme.CA()
    proof = mutual(tmp_path, authority, "tiers")
    with two_tiers(tmp_path, quick(), proof, proof) as (edge, external):
        assert [labels["cluster"] for labels in arrived(external)] == ["east"]
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(f"{edge.url}/federate", verify=proof.ca_file, timeout=10)


def test_a_certificate_of_another_authority_brings_nothing(tmp_path: Path) -> None:
    good = mutual(tmp_path, trustme.CA(), "good")
    other = mutual(tmp_path, trustme.CA(), "other")
    with two_tiers(tmp_path, quick(), good, other) as (_, external):
        external.wait_for('up{job="federate-east",cluster="east"} == 0')
        assert external.ask(RATE) == []


def test_a_wrong_password_brings_nothing_and_the_target_is_down(tmp_path: Path) -> None:
    right, wrong = basic(tmp_path), basic(tmp_path, "the wrong password of the tests")
    with two_tiers(tmp_path, quick(), right, wrong) as (edge, external):
        edge.wait_for(RATE)
        external.wait_for('up{job="federate-east",cluster="east"} == 0')
        assert external.ask(RATE) == []


def test_nobody_reads_federation_without_a_password(tmp_path: Path) -> None:
    proof = basic(tmp_path)
    with two_tiers(tmp_path, quick(), proof, proof) as (edge, _):
        for path in ("/federate?match[]=up", "/api/v1/query?query=up", "/metrics"):
            assert requests.get(edge.url + path, timeout=10).status_code == 401
