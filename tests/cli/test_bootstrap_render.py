from __future__ import annotations

import base64
import stat
from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner, Result

from observe.bootstrap.config.load import parse_stack
from observe.bootstrap.stack import EdgeTier, Stack
from observe.bootstrap.stack_text import stack_text
from observe.cli.main import main
from observe.export.yaml_io import load_documents

SIZE = ("--services", "20", "--pods", "60")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bootstrap(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bootstrap", *arguments])


def test_a_folder_is_rendered_sized_and_left_alone_the_second_time() -> None:
    first = bootstrap("kubernetes", *SIZE)
    assert first.exit_code == 0, first.output
    assert first.stdout == "observe-kubernetes\n"
    assert "edge: " in first.stderr and "series" in first.stderr
    assert "next: the Secret observe-tiers" in first.stderr
    assert Path("observe-kubernetes/clusters/east/kustomization.yaml").is_file()
    second = bootstrap("kubernetes", *SIZE)
    assert "no change" in second.stderr


def test_a_difference_is_printed_and_nothing_is_written() -> None:
    result = bootstrap("kubernetes", *SIZE, "--diff")
    assert result.exit_code == 0
    assert "+++ b/clusters/east/edge/statefulset.yaml" in result.stdout
    assert list(Path().iterdir()) == []


def test_a_file_of_someone_else_stops_everything() -> None:
    place = Path("observe-kubernetes/clusters/east/kustomization.yaml")
    place.parent.mkdir(parents=True)
    place.write_text("resources: []\n")
    result = bootstrap("kubernetes", *SIZE)
    assert result.exit_code == 2
    assert "was not written by this command" in result.stderr
    assert [p for p in Path().rglob("*") if p.is_file()] == [place]


def test_a_cluster_without_an_address_ends_in_one_line() -> None:
    Path("observe-stack.yaml").write_text("clusters: [{name: east}, {name: west}]\n")
    result = bootstrap("kubernetes", *SIZE)
    assert result.exit_code == 2
    assert "cluster west has no edgeUrl" in result.stderr
    assert not Path("observe-kubernetes").exists()


def test_half_of_a_size_is_refused() -> None:
    result = bootstrap("kubernetes", "--pods", "60")
    assert result.exit_code == 2
    assert "--services and --pods belong together" in result.stderr


def test_a_password_over_plain_http_is_warned_of() -> None:
    Path("observe-stack.yaml").write_text(
        "clusters: [{name: east}, {name: west, edgeUrl: 'http://edge.west.example.org'}]\n"
    )
    result = bootstrap("kubernetes", *SIZE)
    assert "sends the password of cluster west unencrypted" in result.stderr


def test_the_stack_that_is_printed_reads_back_as_it_was() -> None:
    stack = Stack(edge=EdgeTier(replicas=2, retention="12h"), home="east")
    assert parse_stack(stack_text(stack), "x") == stack
    result = bootstrap("stack")
    assert parse_stack(result.stdout, "x") == Stack()
    assert "  # how long raw series are kept\n  retention: 2d\n" in result.stdout


def test_the_secret_is_private_and_its_parts_agree() -> None:
    result = bootstrap("secret")
    assert result.exit_code == 0, result.output
    place = Path("observe-secret.yaml")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    (document,) = load_documents(place.read_text(), "x")
    texts = document.data["stringData"]
    assert len(base64.urlsafe_b64decode(texts["password"])) == 24
    (web,) = load_documents(texts["web.yml"], "web.yml")
    hashed = web.data["basic_auth_users"]["observe"]
    assert bcrypt.checkpw(texts["password"].encode(), hashed.encode())
    assert texts["htpasswd"] == f"observe:{hashed}\n"
    assert texts["password"] not in result.output


def test_a_secret_is_never_overwritten() -> None:
    bootstrap("secret")
    before = Path("observe-secret.yaml").read_text()
    result = bootstrap("secret")
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert Path("observe-secret.yaml").read_text() == before


def test_certificates_are_not_made_here() -> None:
    Path("observe-stack.yaml").write_text("security: {auth: mtls}\n")
    result = bootstrap("secret")
    assert result.exit_code == 2
    assert "cert-manager" in result.stderr
    assert not Path("observe-secret.yaml").exists()


def test_a_receiver_goes_into_the_secret_under_its_own_key() -> None:
    Path("observe-stack.yaml").write_text("alerting: {receiver: webhook}\n")
    assert "its address is missing" in bootstrap("secret").stderr
    Path("address").write_text("https://hooks.example.org/T0/B0\n")
    assert bootstrap("secret", "--receiver-file", "address").exit_code == 0
    (document,) = load_documents(Path("observe-secret.yaml").read_text(), "x")
    assert document.data["stringData"]["webhook-url"] == "https://hooks.example.org/T0/B0"


def test_the_meshs_side_is_rendered() -> None:
    result = bootstrap("istio")
    assert result.exit_code == 0
    assert sorted(p.name for p in Path("observe-istio").glob("*.yaml")) == [
        "istiod-values.yaml",
        "istiooperator.yaml",
        "telemetry-fewer-series.yaml",
        "workload-patch.yaml",
    ]
