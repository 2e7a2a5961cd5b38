from __future__ import annotations

from pathlib import Path

import pytest

from observe.bootstrap.config import load_stack
from observe.bootstrap.stack import Stack
from observe.errors import InputError


def load(tmp_path: Path, text: str) -> Stack:
    file = tmp_path / "observe-stack.yaml"
    file.write_text(text)
    return load_stack(file)


def test_an_empty_file_is_the_default_stack(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing yet\n") == Stack()


def test_settings_are_written_in_camel_case(tmp_path: Path) -> None:
    stack = load(tmp_path, "clusters: [{name: east}, {name: west}]\nedge: {scrapeSeconds: 30}\n")
    assert [cluster.name for cluster in stack.clusters] == ["east", "west"]
    assert stack.edge.scrape_seconds == 30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "namespace: x\nedge:\n  scrapeSecond: 5\n",
            "line 3: there is no setting edge.scrapeSecond. did you mean scrapeSeconds?",
        ),
        ("edge:\n  scrapeSeconds: fast\n", "line 2: edge.scrapeSeconds: input should be a valid"),
        ("edge:\n  scrapeSeconds: 100\n", "line 2: edge.scrapeSeconds: input should be less"),
        (
            "clusters: [{name: east}, {name: east}]\n",
            "line 1: two clusters are named east. correct the file",
        ),
        (
            "clusters:\n  - name: -east\n",
            "line 2: clusters.0.name: '-east' is none: write letters, digits, dashes, dots and "
            "underscores, such as east or Kubernetes. correct the file",
        ),
        ("namespace: Observe\n", "line 1: namespace: 'Observe' is none: write small letters"),
        ("edge: {retention: 2 days}\n", "write a number and h, d, w or y, such as 90d"),
        ("prometheusImage: 'a b'\n", "write an image such as prom/prometheus:v3.5.0"),
        ("prometheusImage: ''\n", "write an image such as prom/prometheus:v3.5.0"),
        ("external: {writeUrl: not a url}\n", "write an address such as https://"),
        ("external: {writeUrl: 'ftp://x'}\n", "write an address such as https://"),
        ("external: {writeUrl: 'https://u:p@x.example'}\n", "must not hold a password"),
        ("external: {alertmanagerUrl: 'javascript:x'}\n", "write an address such as https://"),
        ("clusters: [{name: a, edgeUrl: 'https://u:p@x'}]\n", "must not hold a password"),
        ("clusters: []\n", "line 1: clusters: at least 1 is needed. correct the file"),
        ("[1, 2]\n", "is not one mapping of names to values"),
        ("a: b\n---\nc: d\n", "is not one mapping of names to values"),
        ("edge: {\n", "line 2: "),
        ("istioVersion: '1.9'\n", "Istio 1.9 is not known: 1.20 to 1.32 are. if its metrics"),
        ("istioVersion: '1.99'\n", "write istioVersion: '1.32'"),
        ("istioVersion: 1.3\n", "line 1: istioVersion: put it into quotes: '1.3'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path / "observe-stack.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be read"):
        load_stack(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["Kubernetes", "East_1.Prod", "east", "a"])
def test_a_cluster_is_named_as_istio_names_it(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, f"clusters: [{{name: {name}}}]\n").home_cluster.name == name
