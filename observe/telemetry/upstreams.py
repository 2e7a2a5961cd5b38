"""Names of Envoy's upstream clusters: service, port and subset, as far as they can be read."""

from __future__ import annotations

import re

import pandas as pd

UPSTREAM = ["destination_service", "port", "subset"]

#: `outbound|9080|v1|reviews.shop.svc.cluster.local`, and the form that SNI routing uses.
_USUAL = (
    re.compile(r"outbound\|(?P<port>\d+)\|(?P<subset>[^|]*)\|(?P<host>[^|]+)"),
    re.compile(r"outbound_\.(?P<port>\d+)_\.(?P<subset>[^_]*)_\.(?P<host>.+)"),
)
#: A mesh may give clusters other names (`outboundClusterStatName`): the host must be whole.
_HOST = re.compile(r"(?:^|[|_;])(?P<host>[a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.[a-z0-9-]+)+)(?=$|[|_;])")
_PORT = re.compile(r"[|_;](?P<port>\d{1,5})(?=$|[|_;])")


def upstream(name: str) -> tuple[str, str, str] | None:
    """Service, port ("" when it is not told) and subset ("" for none) of a cluster's name.

    None for clusters that are no service of the mesh, and for names that cannot be read. Of names
    that the mesh made itself the subset is not told apart from other words.
    """
    name = name.rstrip(";")
    for usual in _USUAL:
        found = usual.fullmatch(name)
        if found:
            return found["host"], found["port"], found["subset"]
    if name.startswith("inbound"):
        return None
    host = _HOST.search(name)
    if host is None:
        return None
    rest = f"{name[: host.start('host')]}|{name[host.end('host') :]}"
    ports = {found["port"] for found in _PORT.finditer(f"|{rest}")}
    return host["host"], ports.pop() if len(ports) == 1 else "", ""


def upstreams(names: pd.Series) -> pd.DataFrame:
    """The names that can be read: `cluster_name` and what it says, each name once."""
    read = {name: upstream(name) for name in names.unique()}
    rows = [(name, *told) for name, told in read.items() if told is not None]
    return pd.DataFrame(rows, columns=["cluster_name", *UPSTREAM], dtype="str")
