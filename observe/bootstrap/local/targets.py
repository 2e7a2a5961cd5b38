"""Scrape jobs of the local edge tier, from addresses that a person named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from observe.bootstrap.config.federation import OWN_JOB
from observe.bootstrap.config.jobs import (
    CADVISOR,
    GATEWAYS,
    ISTIOD,
    KUBE_STATE,
    SIDECARS,
    WAYPOINTS,
    ZTUNNEL,
)
from observe.errors import InputError

#: Envoy's statistics, as Istio's agent serves them; everything else serves `/metrics`.
_PATHS = dict.fromkeys((SIDECARS, GATEWAYS, WAYPOINTS, ZTUNNEL), "/stats/prometheus")
#: Job of targets that come from a file and have no label `job` there.
FILE_JOB = "targets"
#: Jobs that rules and alerts read by their names.
_KNOWN = (SIDECARS, GATEWAYS, WAYPOINTS, ZTUNNEL, ISTIOD, CADVISOR, KUBE_STATE)
#: Jobs that the stack has already.
_RESERVED = (OWN_JOB, "alertmanager", FILE_JOB)
#: Likeness from which a name is taken for a slip; `gateway` is just like enough.
_ALIKE = 0.66


def parse_targets(texts: Sequence[str]) -> dict[str, list[str]]:
    """Job → addresses, from `JOB=HOST:PORT` or `JOB=HOST:PORT/PATH`.

    Raises:
        InputError: one is written otherwise, or its job is one that the stack has already.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        job, equals, rest = text.partition("=")
        host, colon, port = rest.partition("/")[0].rpartition(":")
        good = job.strip() and equals and colon and host and "//" not in rest
        if not good or not (port.isdigit() and 0 < int(port) < 65_536):
            raise InputError(
                f"--target {text!r} is not understood",
                "write JOB=HOST:PORT, such as istio-sidecars=127.0.0.1:15020",
            )
        if job.strip() in _RESERVED:
            raise InputError(
                f"--target {text!r}: the stack has a job {job.strip()} already",
                "choose another name, such as my-" + job.strip(),
            )
        found.setdefault(job.strip(), []).append(rest)
    return found


def likely_slips(jobs: Iterable[str]) -> dict[str, str]:
    """Job → the job of Istio that was probably meant: one that rules read, by almost that name."""
    found: dict[str, str] = {}
    for job in jobs:
        near = get_close_matches(job, _KNOWN, 1, _ALIKE)
        if near and job not in _KNOWN:
            found[job] = near[0]
    return found


def scrape_jobs(
    targets: Mapping[str, Sequence[str]], targets_file: Path | None
) -> list[dict[str, Any]]:
    """The jobs; labels that a target serves itself win, as one address may stand for many pods."""
    jobs: list[dict[str, Any]] = [
        {"job_name": job, "honor_labels": True, "static_configs": _static(job, addresses)}
        for job, addresses in targets.items()
    ]
    if targets_file is not None:
        jobs.append(
            {
                "job_name": FILE_JOB,
                "honor_labels": True,
                "file_sd_configs": [{"files": [str(targets_file)]}],
            }
        )
    return jobs


def _static(job: str, addresses: Sequence[str]) -> list[dict[str, Any]]:
    by_path: dict[str, list[str]] = {}
    for address in addresses:
        target, slash, path = address.partition("/")
        by_path.setdefault(f"/{path}" if slash else _PATHS.get(job, "/metrics"), []).append(target)
    return [
        {"targets": targets, "labels": {"__metrics_path__": path}}
        for path, targets in by_path.items()
    ]
