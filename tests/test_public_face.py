"""The package as one uses it from Jupyter."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import observe
from observe.demo import demo_current_yaml, demo_mesh, snapshot_from_truth
from observe.durations import parse_ms
from observe.errors import InputError, SourceError
from observe.recommend.policy import Policy, TimeoutPolicy

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def mesh() -> observe.Mesh:
    return observe.Mesh(snapshot_from_truth(demo_mesh(), 1, MONDAY, days=2))


@pytest.fixture
def current(tmp_path: Path) -> Path:
    for name, text in demo_current_yaml().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_mesh_tells_its_size_and_window(mesh: observe.Mesh) -> None:
    edges = len(mesh.snapshot.edges)
    assert repr(mesh) == f"<Mesh {edges} edges, 2026-11-16 00:00 to 2026-11-18 00:00 UTC>"


def test_signals_are_a_row_a_service_and_a_row_an_hour(mesh: observe.Mesh) -> None:
    services = mesh.signals()
    assert isinstance(services, pd.DataFrame)
    assert services.set_index(["cluster", "namespace"]).loc[("west", "shop")].shape[0] >= 3
    ads = services[services["service"] == "ads.shop.svc.cluster.local"].iloc[0]
    assert ads["rps"] == pytest.approx(ads["requests"] / (2 * 86_400))
    assert ads["p50_ms"] < ads["p90_ms"] < ads["p99_ms"] < ads["p999_ms"]
    hourly = mesh.signals(every="step")
    one = hourly[hourly["service"] == "ads.shop.svc.cluster.local"]
    assert len(one) == 48
    assert one["requests"].sum() == pytest.approx(ads["requests"])
    with pytest.raises(InputError, match="no golden signals by 'pod'"):
        mesh.signals(by="pod")  # type: ignore[arg-type]


def test_edges_are_who_calls_whom(mesh: observe.Mesh) -> None:
    edges = mesh.edges()
    assert (edges["requests"] > 0).all()
    callers = edges[edges["destination_service"] == "payment.shop.svc.cluster.local"]
    assert "checkout" in set(callers["source_workload"])


def test_recommendations_heed_policy_and_current_settings(
    mesh: observe.Mesh, current: Path
) -> None:
    plain = {r.target.path: r for r in mesh.recommend().timeouts}
    assert plain["east/shop/ads"].current is None
    known = {r.target.path: r for r in mesh.recommend(current=str(current)).timeouts}
    assert (known["east/shop/ads"].current or {})["timeout"] == "30s"
    patient = Policy(timeout=TimeoutPolicy(minimum_ms=5000))
    lifted = {r.target.path: r.proposed["timeout"] for r in mesh.recommend(patient).timeouts}
    assert lifted["east/shop/cart"] == "5s"
    assert min(map(parse_ms, lifted.values())) == 5000


def test_recommendations_are_a_frame_with_units_in_its_names(
    mesh: observe.Mesh, current: Path
) -> None:
    advice = mesh.recommend(current=current)
    frame = mesh.recommendations(current=current)
    assert list(frame["kind"]) == [r.kind for r in advice.recommendations]
    timeouts = mesh.recommendations("timeout", current=current).set_index(["cluster", "service"])
    ads = timeouts.loc[("east", "ads.shop.svc.cluster.local")]
    (one,) = [r for r in advice.timeouts if r.target.path == "east/shop/ads"]
    assert (ads["from"], ads["current_timeout_ms"]) == ("30 s", 30_000)
    assert ads["proposed_timeout_ms"] == parse_ms(one.proposed["timeout"])
    assert ads["estimate_ms"] == one.evidence.estimate_ms
    withheld = mesh.withheld("retry", current=current)
    assert list(withheld["reason"]) == [w.reason for w in advice.withheld_of("retry")]


def test_all_kinds_of_a_target_are_explained_in_short(mesh: observe.Mesh) -> None:
    lines = mesh.explain("shop/checkout").splitlines()
    assert lines[0] == "checkout (shop, cluster east)"
    kinds = ("Timeout: ", "Retries: ", "Connection pool: ", "Outlier detection: ")
    assert [line.split(": ")[0] + ": " for line in lines if line.startswith(kinds)] == list(kinds)


def test_a_number_is_explained_as_text(mesh: observe.Mesh) -> None:
    text = mesh.explain("shop/checkout", kind="timeout")
    (one,) = [r for r in mesh.recommend().timeouts if r.target.path == "east/shop/checkout"]
    assert text.startswith("checkout (shop, cluster east): ")
    assert one.proposed["timeout"] in text
    assert "How the number came about" in text
    assert max(map(len, text.splitlines())) <= 100
    with pytest.raises(InputError, match="no target is called 'nobody'"):
        mesh.explain("nobody")


def test_a_mesh_is_stored_and_loaded(mesh: observe.Mesh, tmp_path: Path) -> None:
    mesh.save(tmp_path / "mesh")
    again = observe.load(tmp_path / "mesh")
    assert repr(again) == repr(mesh)
    assert again.recommend() == mesh.recommend()
    with pytest.raises(InputError, match="is not a snapshot"):
        observe.load(tmp_path)


def test_connecting_says_what_is_wrong(unused_port: int) -> None:
    with pytest.raises(SourceError, match="refuses connections"):
        observe.connect(f"http://127.0.0.1:{unused_port}", days=1)
    with pytest.raises(InputError, match="does not start with http"):
        observe.connect("prometheus:9090")


def test_the_names_of_the_package_are_there_and_others_are_not() -> None:
    for name in observe.__all__:
        assert getattr(observe, name) is not None
    assert observe.Recommendation.__module__ == "observe.recommend.base_model"
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        _ = observe.conect  # type: ignore[attr-defined]


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["--version"]])
def test_help_loads_none_of_the_heavy_libraries(arguments: list[str], tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from observe.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    loaded = {name.partition(".")[0] for name in run.stderr.split()}
    assert "click" in loaded
    heavy = {"pandas", "numpy", "scipy", "matplotlib", "pyarrow", "pydantic", "rich", "requests"}
    assert loaded & heavy == set()
