"""Envoy's gauges of requests under way, by target and hour."""

from dataclasses import replace

import numpy as np
import pandas as pd
from handmade import START, Call, snapshot

from observe.signals.envoy_gauges import requests_active
from observe.telemetry import frames

HOST = "cart.shop.svc.cluster.local"
CALLS = [Call(buckets=(0, 3600, 0, 0, 0)), Call(service="pay", buckets=(0, 3600, 0, 0, 0))]


def shown(*values):
    """Gauges by target, of rows (hour, client, port, active requests)."""
    rest = (0.0,) * 7
    rows = [
        (START + pd.Timedelta(hours=h), "east", "shop", client, HOST, port, "", *rest, n, 0.0, 0.0)
        for h, client, port, n in values
    ]
    envoy = frames.ENVOY.conform(pd.DataFrame(rows, columns=list(frames.ENVOY.columns)))
    return requests_active(replace(snapshot(CALLS, hours=3), envoy=envoy))


def test_the_highest_of_any_client_and_port_counts_and_they_are_not_added_up():
    found = shown((0, "web", "80", 5.0), (0, "till", "80", 7.0), (0, "web", "81", 6.0))
    assert list(found) == ["east/shop/cart"]
    assert found["east/shop/cart"][0] == 7.0
    assert np.isnan(found["east/shop/cart"][1:]).all()


def test_each_hour_has_its_own():
    found = shown((0, "web", "80", 5.0), (2, "web", "80", 2.0))["east/shop/cart"]
    assert (found[0], found[2]) == (5.0, 2.0)


def test_what_is_not_shown_is_not_there():
    assert shown((0, "web", "80", np.nan)) == {}
    assert shown((99, "web", "80", 3.0)) == {}
    assert requests_active(snapshot(CALLS, hours=3)) == {}
