"""Several servers in one run: clusters stay apart, replicas count once, a dead one is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from handmade import Call, snapshot
from known_week import END, WEB, Week
from scripted_api import Api, failure

import observe
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.cli.main import main
from observe.demo.remote_write import push
from observe.errors import InputError, SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.fetch import Progress
from observe.telemetry.frames import ALL
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.merge import merge, name_cluster
from observe.telemetry.several import Address, collect_all, read_addresses
from observe.telemetry.snapshot import Snapshot, load

BUCKETS = (1, 2, 3, 4, 0)
WINDOW = (END - timedelta(hours=6), END)


def _read(url: str, progress: Progress | None = None) -> Snapshot:
    with PrometheusClient(url) as client:
        return collect(client, *WINDOW, progress=progress)


def _named(*calls: Call, cluster: str = "east", hours: int = 3, coverage: float = 1.0) -> Snapshot:
    placed = [replace(call, cluster=cluster) for call in calls]
    return snapshot(placed, hours=hours, coverage=coverage)


def _same(left: Snapshot, right: Snapshot) -> None:
    for spec in ALL:
        pd.testing.assert_frame_equal(getattr(left, spec.name), getattr(right, spec.name))


def _total(found: Snapshot) -> dict[tuple[str, str], float]:
    rows = found.requests.merge(found.edges, on="edge")
    totals = rows.groupby(["cluster", "destination_workload"])["requests"].sum()
    return {(str(c), str(w)): float(n) for (c, w), n in totals.items()}


@pytest.mark.parametrize(
    ("text", "url", "name", "label"),
    [
        ("http://p:9090", "http://p:9090", "", "p:9090"),
        ("east=http://p:9090/x/", "http://p:9090/x/", "east", "east"),
        ("https://me:secret@p/x/", "https://me:secret@p/x/", "", "p/x"),
        ("prod-eu.1=https://p", "https://p", "prod-eu.1", "prod-eu.1"),
    ],
)
def test_an_address_may_carry_a_name(text: str, url: str, name: str, label: str) -> None:
    (address,) = read_addresses([text])
    assert address == Address(url, name)
    assert address.label == label


def test_an_address_that_is_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="the Prometheus east is given twice"):
        read_addresses(["east=http://a", "east=http://b"])


def test_sides_are_compared_over_all_servers() -> None:
    many = tuple(1_000 * n for n in BUCKETS)
    client = _named(Call(buckets=many))
    half = _named(Call(buckets=(0, 5_000, 0, 0, 0), reporter="destination"), cluster="west")
    answers = {"http://a": client, "http://b": half}
    whole = collect_all(read_addresses(list(answers)), lambda url, _: answers[url], *WINDOW)
    (line,) = whole.manifest.source.warnings
    assert "shop/cart 50%;" in line
    alone = collect_all(read_addresses(["http://a"]), lambda url, _: answers[url], *WINDOW)
    assert alone.manifest.source.warnings == ()


def test_the_same_service_in_two_clusters_stays_two_services() -> None:
    east = _named(Call(buckets=BUCKETS), Call("web", "pay", BUCKETS))
    west = _named(Call(buckets=(0, 5, 0, 0, 0)), cluster="west")
    merged = merge({"a": east, "b": west})
    assert _total(merged) == {("east", "cart"): 30, ("east", "pay"): 30, ("west", "cart"): 15}
    assert merged.edges["edge"].tolist() == [0, 1, 2]
    assert merged.manifest.source.warnings == ()
    assert merged.manifest.source.coverage == 1


def test_merging_does_not_depend_on_which_server_an_edge_came_from() -> None:
    calls = [Call("web", name, BUCKETS, grpc_status=g) for name in "abc" for g in ("", "0")]
    whole = _named(*calls)
    apart = merge({"x": _named(*calls[2:]), "y": _named(*calls[:2])})
    _same(apart, merge({"z": whole}))
    assert _total(apart) == _total(whole)


def test_replicas_of_one_another_are_not_added_up_and_the_better_covered_is_believed() -> None:
    full = _named(Call(buckets=BUCKETS))
    gaps = _named(Call(buckets=(1, 1, 1, 1, 0)), coverage=0.5)
    merged = merge({"a": gaps, "b": full})
    assert _total(merged) == {("east", "cart"): 30}
    (warning,) = merged.manifest.source.warnings
    assert warning.startswith("1 edges of a were recorded by another server too")


def test_only_series_without_a_cluster_get_the_name_of_their_server() -> None:
    mixed = snapshot([Call(cluster=c, buckets=BUCKETS) for c in ("", "Kubernetes", "own")], hours=1)
    given = name_cluster(mixed, "east", rename_default=True)
    assert given.edges["cluster"].tolist() == ["east", "east", "own"]
    assert _total(merge({"a": given})) == {("east", "cart"): 20, ("own", "cart"): 10}
    by_host = name_cluster(mixed, "host:9090", rename_default=False)
    assert by_host.edges["cluster"].tolist() == ["host:9090", "Kubernetes", "own"]


def test_unlike_steps_become_the_longer_one_and_nothing_is_lost() -> None:
    east = _named(Call(buckets=BUCKETS), hours=2)
    window = east.manifest.window.model_copy(update={"step_seconds": 900})
    west = _named(Call(buckets=BUCKETS), cluster="west", hours=2)
    west = replace(west, manifest=west.manifest.model_copy(update={"window": window}))
    minutes = [timedelta(minutes=m) for m in (0, 15, 30, 45)]
    quarters = [east.requests.assign(time=east.requests["time"] + m) for m in minutes]
    east = replace(east, requests=pd.concat(quarters, ignore_index=True))
    window = window.model_copy(update={"step_seconds": 1200})
    east = replace(east, manifest=east.manifest.model_copy(update={"window": window}))
    merged = merge({"a": east, "b": west})
    assert merged.manifest.window.step_seconds == 3600
    assert _total(merged) == {("east", "cart"): 80, ("west", "cart"): 20}
    assert len(merged.requests) == 4


def test_missing_pieces_and_warnings_name_their_server() -> None:
    east, west = _named(Call(buckets=BUCKETS)), _named(Call(buckets=BUCKETS), cluster="west")
    window = west.manifest.window
    piece = MissingPiece(query="latency", start=window.start, end=window.end, reason="cut")
    source = west.manifest.source.model_copy(update={"warnings": ("slow",)})
    manifest = west.manifest.model_copy(update={"missing": (piece,), "source": source})
    merged = merge({"a": east, "b": replace(west, manifest=manifest)}).manifest
    assert [m.query for m in merged.missing] == ["latency of b"]
    assert merged.source.warnings == ("b: slow",)


@pytest.fixture(scope="module")
def two(prometheus_server: Callable[..., PrometheusServer]) -> list[PrometheusServer]:
    """Two clusters that both bear Istio's default name, with a service of the same name."""
    servers = []
    for rate in (60, 90):
        week = Week(start=END - timedelta(hours=6))
        size = len(week.times_ms)
        named = WEB | {"source_cluster": "Kubernetes", "destination_cluster": "Kubernetes"}
        week.add("p", np.full(size, rate), labels=named)
        servers.append(prometheus_server(flags=HISTORY_FLAGS))
        push(servers[-1].url, week.labels, week.times_ms, week.values)
    return servers


@pytest.mark.integration
def test_one_snapshot_merged_is_itself(two: list[PrometheusServer]) -> None:
    alone = _read(two[0].url)
    _same(merge({"a": alone}), alone)


@pytest.mark.integration
def test_two_servers_are_read_as_two_clusters(two: list[PrometheusServer]) -> None:
    addresses = read_addresses([f"east={two[0].url}", f"west={two[1].url}"])
    done: list[tuple[int, int, str]] = []
    found = collect_all(addresses, _read, *WINDOW, lambda a, b, c: done.append((a, b, c)))
    assert _total(found) == {("east", "pay"): 60 * 360, ("west", "pay"): 90 * 360}
    assert found.manifest.missing == ()
    assert done[-1][0] == done[-1][1]
    assert {label.split()[-1] for _, _, label in done} == {"east", "west"}


@pytest.mark.integration
def test_a_dead_server_is_named_and_the_others_are_read(
    two: list[PrometheusServer], unused_port: int
) -> None:
    dead = f"http://me:hidden-secret@127.0.0.1:{unused_port}"
    addresses = read_addresses([f"east={two[0].url}", f"north={dead}"])
    found = collect_all(addresses, _read, *WINDOW)
    assert _total(found) == {("east", "pay"): 60 * 360}
    (piece,) = found.manifest.missing
    assert piece.query == "north"
    assert "refuses connections" in piece.reason
    assert "hidden-secret" not in found.manifest.model_dump_json()


def test_when_all_are_dead_the_first_reason_is_the_error(api: Callable[..., Api]) -> None:
    urls = [api(lambda _: failure(401, "", "")).url for _ in range(2)]
    with pytest.raises(SourceError, match="wants credentials"):
        collect_all(read_addresses(urls), _read, *WINDOW)


@pytest.mark.integration
def test_a_mesh_is_made_of_a_mapping_from_cluster_to_address(two: list[PrometheusServer]) -> None:
    mesh = observe.connect({"east": two[0].url, "west": two[1].url}, days=0.25, end=END)
    assert sorted(mesh.snapshot.edges["cluster"]) == ["east", "west"]
    with pytest.raises(InputError, match="no Prometheus is given"):
        observe.connect({})


@pytest.mark.integration
def test_the_command_line_takes_several_servers_and_names_the_dead_one(
    two: list[PrometheusServer], unused_port: int, tmp_path: Path
) -> None:
    servers = [f"east={two[0].url}", f"west={two[1].url}", f"http://127.0.0.1:{unused_port}"]
    asked = [part for server in servers for part in ("--prometheus", server)]
    end = END.strftime("%Y-%m-%dT%H:%MZ")
    target = tmp_path / "snapshot"
    run = CliRunner().invoke(
        main, ["collect", *asked, "--window", "6h", "--end", end, "--output", str(target)]
    )
    assert run.exit_code == 3, run.output
    assert sorted(load(target).edges["cluster"]) == ["east", "west"]
    assert f"missing: 127.0.0.1:{unused_port} from 2026-01-11 18:00" in run.stderr
    assert f"the Prometheus answered in part; missing: 127.0.0.1:{unused_port}" in run.stderr


def test_a_settings_file_names_servers_by_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"http://127.0.0.1:{unused_port}"
    (tmp_path / "observe.yaml").write_text(f"prometheus:\n  east: {url}/a\n  west: {url}/b\n")
    run = CliRunner().invoke(main, ["collect", "--output", "snapshot"])
    assert run.exit_code == 3
    assert f"{url}/a refuses connections" in run.stderr
