"""Usage, settings and istiod of several servers as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
from handmade import Call, snapshot

from observe.telemetry.frames import AUTOSCALERS, ISTIOD, RESOURCES, RESTARTS, USAGE
from observe.telemetry.merge import merge, name_cluster
from observe.telemetry.snapshot import Snapshot

KEYS = {"namespace": "shop", "workload": "web", "container": "app"}


def _told(cluster: str, cores: float = 1.0, *, fine: int = 300) -> Snapshot:
    """A mesh of one edge over an hour, with usage in fine steps."""
    found = snapshot([Call("web", "cart", (1, 2, 3, 4, 0), cluster=cluster)], hours=1)
    start = found.manifest.window.start
    at = [start + timedelta(seconds=fine * n) for n in range(3600 // fine)]
    base = pd.DataFrame({"time": at}).assign(cluster=cluster, **KEYS)
    usage = base.assign(pods=2.0, cpu_cores=cores, cpu_busiest=cores, memory_busiest=5e6)
    usage.loc[0, ["cpu_cores", "cpu_busiest"]] = 3 * cores
    settings = {"cpu_request": cores, "cpu_limit": float("nan"), "changed_at": start}
    resources = base.iloc[:1].assign(**settings, memory_request=1e6, memory_limit=2e6)
    scaler = {"autoscaler": "web", "min_replicas": 1, "max_replicas": 4, "replicas": 2}
    scaler |= {"most_replicas": 3, "share_at_max": 0.0, "metric": "", "target_type": ""}
    istiod = {name: 7.0 for name, kind in ISTIOD.columns.items() if kind == "float64"}
    window = found.manifest.window.model_copy(update={"step_seconds": fine})
    return replace(
        found,
        manifest=found.manifest.model_copy(update={"window": window}),
        usage=USAGE.conform(usage.assign(throttled=0.25)),
        resources=RESOURCES.conform(resources),
        restarts=RESTARTS.conform(base.iloc[:1].assign(oom_kills=1.0, restarts=2.0)),
        autoscalers=AUTOSCALERS.conform(base.iloc[:1].assign(**scaler, target=80.0)),
        istiod=ISTIOD.conform(base.iloc[:1].assign(**istiod)),
    )


def test_two_clusters_stay_apart_and_the_first_server_is_believed() -> None:
    merged = merge({"a": _told("west", 2.0), "b": _told("east"), "c": _told("west", 9.0)})
    assert len(merged.usage) == 24
    cores = merged.usage.astype({"cluster": "str"}).groupby("cluster")["cpu_busiest"].max()
    assert cores.to_dict() == {"east": 3.0, "west": 6.0}
    settings = merged.resources.set_index("cluster")
    assert settings["cpu_request"].to_dict() == {"east": 1.0, "west": 2.0}
    for name in ("restarts", "autoscalers", "istiod"):
        assert getattr(merged, name)["cluster"].tolist() == ["east", "west"], name


def test_one_snapshot_merged_is_itself() -> None:
    one = _told("east")
    merged = merge({"a": one})
    for spec in (USAGE, RESOURCES, RESTARTS, AUTOSCALERS, ISTIOD):
        pd.testing.assert_frame_equal(getattr(merged, spec.name), getattr(one, spec.name))


def test_usage_in_longer_steps_keeps_its_peak_and_means_its_cores() -> None:
    merged = merge({"a": _told("west"), "b": _told("east", fine=600)})
    west = merged.usage[merged.usage["cluster"] == "west"]
    assert len(west) == 6
    first = west.iloc[0]
    assert first[["pods", "cpu_cores", "cpu_busiest", "throttled"]].tolist() == [
        2.0,
        2.0,
        3.0,
        0.25,
    ]


def test_series_without_a_cluster_get_the_name_of_their_server() -> None:
    named = name_cluster(_told(""), "east", rename_default=False)
    for name in ("usage", "resources", "restarts", "autoscalers", "istiod"):
        assert set(getattr(named, name)["cluster"].astype("str")) == {"east"}, name
    assert named.usage["cluster"].dtype == "category"
