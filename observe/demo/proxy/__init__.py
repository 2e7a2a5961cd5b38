"""Requests, tries, pools and ejections one by one: proxies that behave like Envoy."""

from observe.demo.proxy.result import Result
from observe.demo.proxy.run import run
from observe.demo.proxy.scenario import Limits, OutlierDetection, ProxyPolicy, Scenario

__all__ = ["Limits", "OutlierDetection", "ProxyPolicy", "Result", "Scenario", "run"]
