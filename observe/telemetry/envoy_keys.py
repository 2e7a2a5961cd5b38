"""Who calls whom in Envoy's statistics, as numbers: client workloads and their upstreams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.telemetry.assemble import Table
from observe.telemetry.upstreams import UPSTREAM, upstreams

CLIENT = ["cluster", "namespace", "workload"]
_PAIR = [*CLIENT, "destination_service"]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Keys:
    """Clients and upstreams: K keys.

    Attributes:
        labels: client, service, port and subset of each key (K), sorted.
        of: entry name → key of each row of the labels of its table, -1 where it cannot be read.
        of_edge: key of each edge by its number, -1 for those that no client's proxy reports. Where
            the client uses several ports or subsets of a service, one without either.
        client: number of each key's client (K).
        pair: number of each key's client and service (K).
    """

    labels: pd.DataFrame
    of: Mapping[str, Numbers]
    of_edge: Numbers
    client: Numbers
    pair: Numbers

    @property
    def count(self) -> int:
        """Number of keys."""
        return len(self.labels)

    @property
    def clients(self) -> int:
        """Number of clients."""
        return int(self.client.max()) + 1 if self.count else 0


def keys_of(tables: Mapping[str, Table], edges: pd.DataFrame) -> Keys:
    """All keys of some tables of statistics, and of the edges that clients' proxies report.

    Args:
        tables: entry name → samples by client workload and name of the upstream cluster.
        edges: the frame `edges`.
    """
    read = {name: _read(table.labels, edges) for name, table in tables.items()}
    told = [_known(labels) for labels in read.values()]
    called = _with_ports(_clients(edges), pd.concat([_none(), *told]).drop_duplicates())
    every = pd.concat([_none(), *told, called[[*CLIENT, *UPSTREAM]]], ignore_index=True)
    labels = every.drop_duplicates().sort_values([*CLIENT, *UPSTREAM], ignore_index=True)
    of_edge = np.full(int(edges["edge"].max()) + 1 if len(edges) else 0, -1, dtype=np.int64)
    of_edge[called["edge"].to_numpy()] = _numbers(called, labels)
    return Keys(
        labels,
        {name: _numbers(own, labels) for name, own in read.items()},
        of_edge,
        labels.groupby(CLIENT, sort=False).ngroup().to_numpy().astype(np.int64),
        labels.groupby(_PAIR, sort=False).ngroup().to_numpy().astype(np.int64),
    )


def client_numbers(labels: pd.DataFrame, edges: pd.DataFrame, keys: Keys) -> Numbers:
    """The number of each row's client workload, -1 for one without keys."""
    known = keys.labels[CLIENT].assign(number=keys.client).drop_duplicates(CLIENT)
    placed = _placed(labels[CLIENT].astype("str"), edges)
    found = placed.merge(known, on=CLIENT, how="left")["number"]
    return found.fillna(-1).to_numpy(dtype=np.int64)


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=[*CLIENT, *UPSTREAM], dtype="str")


def _read(labels: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """What the labels say, one row for each; NaN where they name no workload or no service."""
    placed = _placed(labels[[*CLIENT, "cluster_name"]].astype("str"), edges)
    named = placed.merge(upstreams(placed["cluster_name"]), on="cluster_name", how="left")
    named.loc[named["workload"] == "", UPSTREAM] = np.nan
    return named[[*CLIENT, *UPSTREAM]]


def _known(labels: pd.DataFrame) -> pd.DataFrame:
    return labels[labels["destination_service"].notna()]


def _placed(labels: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """The labels with the cluster that the workload's requests tell, where they carry none."""
    known = _clients(edges)[CLIENT].drop_duplicates()
    known = known[~known.duplicated(["namespace", "workload"], keep=False)]
    known = known.rename(columns={"cluster": "told"})
    told = labels.merge(known, on=["namespace", "workload"], how="left")
    cluster = told["cluster"].where(told["cluster"] != "", told["told"].fillna(""))
    return told.assign(cluster=cluster).drop(columns="told")


def _clients(edges: pd.DataFrame) -> pd.DataFrame:
    """Edges that the clients' proxies report, their clients named as Envoy's statistics are."""
    named = {"source_namespace": "namespace", "source_workload": "workload"}
    own = edges.loc[edges["reporter"] != "destination"].rename(columns=named)
    return own[["edge", *_PAIR]].reset_index(drop=True)


def _with_ports(called: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The edges with port and subset, "" where the client uses several for the service, or none."""
    alone = told[~told.duplicated(_PAIR, keep=False)]
    return called.merge(alone, on=_PAIR, how="left").fillna({"port": "", "subset": ""})


def _numbers(rows: pd.DataFrame, labels: pd.DataFrame) -> Numbers:
    """The place of each row among the labels; -1 where it is not there."""
    columns = [*CLIENT, *UPSTREAM]
    numbered = labels.assign(number=np.arange(len(labels)))
    found = rows[columns].merge(numbered, on=columns, how="left")["number"]
    return found.fillna(-1).to_numpy(dtype=np.int64)
