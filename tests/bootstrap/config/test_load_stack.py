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
        ("clusters:\n  - name: East\n", "line 2: clusters.0.name: string should match"),
        ("[1, 2]\n", "is not one mapping of names to values"),
        ("a: b\n---\nc: d\n", "is not one mapping of names to values"),
        ("edge: {\n", "line 2: "),
        ("istioVersion: '1.9'\n", "Istio 1.9 is not known: 1.20 to 1.32 are. if its metrics"),
        ("istioVersion: '1.99'\n", "write istioVersion: '1.32'"),
        ("istioVersion: 1.3\n", "line 1: istioVersion: input should be a valid string"),
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
