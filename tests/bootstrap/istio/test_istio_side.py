from __future__ import annotations

import re

import pytest
from stacks import shared

from observe.bootstrap.config.keep import ENVOY_CORE
from observe.bootstrap.istio import stats
from observe.bootstrap.istio.render import render_istio
from observe.bootstrap.istio.stats import REGEXPS, SERIES_PER_CLUSTER, SUFFIXES, extra_series
from observe.bootstrap.istio.telemetry import fewer_series, standard
from observe.bootstrap.rules import edge_recordings
from observe.bootstrap.stack import Stack
from observe.doctor import advice
from observe.export.crd import load_crds
from observe.export.yaml_io import load_documents


def shown(stat: str) -> bool:
    """Whether Envoy shows a statistic of an application's cluster, as its matcher decides."""
    full = f"cluster.outbound|80||cart.shop.svc.cluster.local;.{stat}"
    return full.endswith(SUFFIXES) or any(re.fullmatch(each, full) for each in REGEXPS)


@pytest.mark.parametrize(
    "stat",
    [
        "upstream_rq_retry",
        "upstream_rq_pending_overflow",
        "outlier_detection.ejections_enforced_total",
        "circuit_breakers.default.rq_pending_open",
        "membership_healthy",
    ],
)
def test_retries_overflows_and_ejections_are_shown(stat: str) -> None:
    assert shown(stat)


@pytest.mark.parametrize("stat", ["upstream_cx_length_ms", "upstream_rq_time", "bind_errors"])
def test_histograms_and_the_rest_stay_hidden(stat: str) -> None:
    assert not shown(stat)


def test_everything_that_is_shown_is_stored_too() -> None:
    names = [f"envoy_cluster_{suffix}" for suffix in SUFFIXES]
    names += [f"envoy_cluster_outlier_detection_ejections_{name}" for name in stats._EJECTIONS]
    names += [f"envoy_cluster_circuit_breakers_default_{name}" for name in stats._BREAKERS]
    assert [n for n in names if not any(re.fullmatch(each, n) for each in ENVOY_CORE)] == []
    assert len(names) == SERIES_PER_CLUSTER == 28


def test_everything_that_is_recorded_is_shown() -> None:
    recorded = {
        raw
        for rule in edge_recordings(Stack())
        for raw in re.findall(r"envoy_cluster_([a-z0-9_]+)\{cluster_name!=", rule.expression)
    }
    assert len(recorded) >= 25
    dotted = {
        name.replace("outlier_detection_", "outlier_detection.", 1).replace(
            "circuit_breakers_default_", "circuit_breakers.default.", 1
        )
        for name in recorded
    }
    assert [name for name in sorted(dotted) if not shown(name)] == []


def test_the_cost_is_proxies_times_clusters_times_statistics() -> None:
    assert extra_series(proxies=300, clusters=40) == 336_000


def test_the_three_ways_to_set_it_say_the_same() -> None:
    files = render_istio(Stack())
    (helm,) = load_documents(files["istiod-values.yaml"], "x")
    (overlay,) = load_documents(files["istiooperator.yaml"], "x")
    (patch,) = load_documents(files["workload-patch.yaml"], "x")
    assert overlay.data["spec"] == helm.data
    annotations = patch.data["spec"]["template"]["metadata"]["annotations"]
    (inner,) = load_documents(annotations["proxy.istio.io/config"], "x")
    assert inner.data == helm.data["meshConfig"]["defaultConfig"]


def test_the_doctor_prints_the_same_setting() -> None:
    (helm,) = load_documents(render_istio(Stack())["istiod-values.yaml"], "x")
    mesh, _ = load_documents(advice.CLUSTER_STATS, "x")
    assert mesh.data == helm.data


@pytest.mark.parametrize(
    ("version", "served"), [("1.21", "v1alpha1"), ("1.22.0", "v1"), ("1.31", "v1")]
)
def test_telemetry_is_of_a_version_that_istio_serves(version: str, served: str) -> None:
    assert standard("istio-system", version)["apiVersion"] == f"telemetry.istio.io/{served}"


@pytest.mark.shared
@pytest.mark.parametrize("version", ["1.21", "1.27"])
def test_telemetry_has_the_structure_that_istio_defines(version: str) -> None:
    crds = load_crds(shared("istio", "crd-all.gen.yaml"), frozenset({"Telemetry"}))
    for data in (standard("istio-system", version), fewer_series("istio-system", version)):
        assert crds.problems(data) == []
