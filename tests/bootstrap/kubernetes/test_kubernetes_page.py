"""What docs/bootstrap-kubernetes.md says of files and keys is what is rendered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stacks import TIERS, objects

from observe.bootstrap.config.load import parse_stack
from observe.bootstrap.kubernetes import render_kubernetes
from observe.bootstrap.kubernetes.pods import secret_keys
from observe.bootstrap.operator.gate import gate_keys
from observe.bootstrap.secret import USER_KEY
from observe.bootstrap.stack import Alerting, Security, Stack

PAGE = Path(__file__).parents[3] / "docs" / "bootstrap-kubernetes.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documents are not installed")


def test_the_stack_of_the_page_renders_the_folders_of_the_page() -> None:
    blocks = re.findall(r"```yaml\n(clusters:.*?)```", PAGE.read_text(), re.DOTALL)
    (text,) = blocks
    files = render_kubernetes(parse_stack(text, "the page"), TIERS)
    assert {str(Path(path).parent) for path in files} == {
        "clusters/east",
        "clusters/east/alertmanager",
        "clusters/east/edge",
        "clusters/east/external",
        "clusters/west",
        "clusters/west/edge",
    }


def test_the_page_names_every_key_of_the_secret() -> None:
    stacks = [
        Stack(security=Security(auth=auth), alerting=Alerting(receiver=receiver))  # type: ignore[arg-type]
        for auth in ("basic", "mtls")
        for receiver in ("webhook", "slack", "pagerduty")
    ]
    keys = {key for s in stacks for key in [*secret_keys(s, "alertmanager"), *gate_keys(s)]}
    keys |= {key for s in stacks for key in secret_keys(s, "edge")} | {USER_KEY}
    table = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert {key for key in keys if not any(f"`{key}`" in line for line in table)} == set()


def test_the_label_that_lets_clients_in_is_the_one_of_the_page() -> None:
    policies = [
        o for o in objects(render_kubernetes(Stack(), TIERS)) if o["kind"] == "NetworkPolicy"
    ]
    for policy in policies:
        client = policy["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
        assert client == {"mesh-observe/client": "true"}
    assert '`mesh-observe/client: "true"`' in PAGE.read_text()
