"""`prometheus.yml` of the edge tier and of the external tier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from observe.bootstrap.config.credentials import Credentials
from observe.bootstrap.config.federation import OWN_JOB, kept_by_remote_write, matches
from observe.bootstrap.config.keep import PROMETHEUS, regex
from observe.bootstrap.config.relabel import keep
from observe.bootstrap.stack import Stack
from observe.errors import InputError

Config = dict[str, Any]

#: Tells the two servers of a pair apart; readers average over it.
REPLICA_LABEL = "prometheus_replica"


def edge_config(
    stack: Stack,
    cluster: str,
    *,
    jobs: Sequence[Mapping[str, Any]],
    rule_files: Sequence[str],
    alertmanagers: Sequence[str] = (),
    credentials: Credentials,
    replica: str | None = None,
    write_url: str | None = None,
    own_address: str = "127.0.0.1:9090",
) -> Config:
    """The configuration of the Prometheus beside the proxies.

    Args:
        stack: intervals and transport.
        cluster: value of the label `cluster` that everything leaves with.
        jobs: scrape jobs, as from `kubernetes_jobs`; that of Prometheus itself is added.
        rule_files: paths or patterns, as the server sees them.
        alertmanagers: addresses, `host:port` or URLs.
        credentials: what it shows to other tiers and to itself.
        replica: which one of a pair this is.
        write_url: where recorded series are sent to; `external.write_url` when not given.
        own_address: `host:port` that it scrapes itself at.

    Raises:
        InputError: the transport is remote-write, and there is no address to write to.
    """
    labels = {"cluster": cluster} | ({REPLICA_LABEL: replica} if replica else {})
    config: Config = {
        "global": {
            "scrape_interval": f"{stack.edge.scrape_seconds}s",
            "scrape_timeout": f"{min(10, stack.edge.scrape_seconds)}s",
            "evaluation_interval": f"{stack.edge.evaluation_seconds}s",
            "external_labels": labels,
        },
        "rule_files": list(rule_files),
        "scrape_configs": [*map(dict, jobs), _own(own_address, credentials)],
    }
    config |= _alerting(alertmanagers, credentials)
    if stack.external.transport == "remote-write":
        config["remote_write"] = [
            _remote_write(stack, write_url or stack.external.write_url, credentials)
        ]
    return config


def external_config(
    stack: Stack,
    *,
    edges: Mapping[str, str | Sequence[str]],
    rule_files: Sequence[str],
    alertmanagers: Sequence[str] = (),
    credentials: Credentials,
    own_address: str = "127.0.0.1:9090",
) -> Config:
    """The configuration of the Prometheus that keeps what all edge tiers recorded.

    With remote write it has no jobs but its own, and must run with
    `--web.enable-remote-write-receiver`.

    Args:
        stack: intervals and transport.
        edges: cluster → address of its edge tier, `http://host:port/prefix` or `host:port`; two
            addresses for a pair.
        rule_files: paths or patterns, as the server sees them.
        alertmanagers: addresses, `host:port` or URLs.
        credentials: what it shows to edge tiers and to itself.
        own_address: `host:port` that it scrapes itself at.

    Raises:
        InputError: an address is not one.
    """
    federated = stack.external.transport == "federate"
    jobs = [_federation(stack, *edge, credentials) for edge in edges.items()] if federated else []
    config: Config = {
        "global": {
            "scrape_interval": f"{stack.external.federation_seconds}s",
            "scrape_timeout": f"{_timeout(stack)}s",
            "evaluation_interval": f"{stack.edge.evaluation_seconds}s",
        },
        "rule_files": list(rule_files),
        "scrape_configs": [
            *jobs,
            _own(own_address, credentials),
            *_watched(alertmanagers, credentials),
        ],
    }
    return config | _alerting(alertmanagers, credentials)


def _timeout(stack: Stack) -> int:
    """Of a federation request: nearly as long as it is till the next one."""
    return max(1, stack.external.federation_seconds * 5 // 6)


def _federation(
    stack: Stack, cluster: str, urls: str | Sequence[str], credentials: Credentials
) -> Config:
    """One cluster's job.

    Labels of the edge tier win (honor_labels), or they would become `exported_...`; its timestamps
    too, so that asking twice as often as rules are evaluated brings nothing twice.
    """
    addresses = [_address(url, credentials) for url in ([urls] if isinstance(urls, str) else urls)]
    if len({address[::2] for address in addresses}) != 1:
        raise InputError(f"the edge tiers of cluster {cluster} differ in scheme or path, or miss")
    name = f"federate-{cluster}"
    scheme, _, prefix = addresses[0]
    return {
        "job_name": name,
        "scrape_interval": f"{stack.external.federation_seconds}s",
        "scrape_timeout": f"{_timeout(stack)}s",
        "honor_labels": True,
        "honor_timestamps": True,
        "scheme": scheme,
        "metrics_path": f"{prefix}/federate",
        "params": {"match[]": matches(stack)},
        **credentials.client(),
        "static_configs": [
            {"targets": [target for _, target, _ in addresses], "labels": {"cluster": cluster}}
        ],
        # Recorded series have no job; without this they would get this one, and then differ
        # from what remote write brings.
        "metric_relabel_configs": [
            {"source_labels": ["job"], "regex": name, "target_label": "job", "replacement": ""}
        ],
    }


def _own(address: str, credentials: Credentials) -> Config:
    return {
        "job_name": OWN_JOB,
        "scheme": credentials.scheme,
        **credentials.client(),
        "static_configs": [{"targets": [address]}],
        "metric_relabel_configs": [keep("__name__", regex(PROMETHEUS))],
    }


def _remote_write(stack: Stack, url: str | None, credentials: Credentials) -> Config:
    if not url:
        raise InputError(
            "the transport is remote-write, but there is no address to write to",
            "set external.writeUrl, such as https://prometheus.example.org/api/v1/write",
        )
    return {
        "url": url,
        "name": "external",
        "write_relabel_configs": kept_by_remote_write(stack),
        **credentials.client(),
    }


def _watched(alertmanagers: Sequence[str], credentials: Credentials) -> list[Config]:
    """The Alertmanagers as targets, so that failing deliveries are seen."""
    return [
        {
            "job_name": "alertmanager" if number == 0 else f"alertmanager-{number + 1}",
            "scheme": scheme,
            "metrics_path": f"{prefix}/metrics",
            **credentials.client(),
            "static_configs": [{"targets": [target]}],
            "metric_relabel_configs": [keep("__name__", regex(PROMETHEUS))],
        }
        for number, (scheme, target, prefix) in enumerate(
            _address(each, credentials) for each in alertmanagers
        )
    ]


def _alerting(alertmanagers: Sequence[str], credentials: Credentials) -> Config:
    """Where alerts go; both servers of a pair tell the same alert, without the label that differs.

    Alertmanagers of another scheme or path get a block of their own.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for scheme, target, prefix in (_address(each, credentials) for each in alertmanagers):
        groups.setdefault((scheme, prefix), []).append(target)
    if not groups:
        return {}
    blocks = [
        {
            "scheme": scheme,
            **({"path_prefix": prefix} if prefix else {}),
            "api_version": "v2",
            **credentials.client(),
            "static_configs": [{"targets": targets}],
        }
        for (scheme, prefix), targets in groups.items()
    ]
    dropped = [{"action": "labeldrop", "regex": REPLICA_LABEL}]
    return {"alerting": {"alert_relabel_configs": dropped, "alertmanagers": blocks}}


def _address(url: str, credentials: Credentials) -> tuple[str, str, str]:
    """Scheme, host:port and path of an address; the scheme of the credentials when it has none."""
    text = url if "://" in url else f"{credentials.scheme}://{url}"
    shown = re.sub(r"[^/@]*@", "...@", url)  # whatever stands before an @ may be a password
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise InputError(f"{shown!r} is not the address of a server") from error
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise InputError(
            f"{shown!r} is not the address of a server", "write http://host:port/path, no more"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, f"{host}:{port}", parts.path.rstrip("/")
