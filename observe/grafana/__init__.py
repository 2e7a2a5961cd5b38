"""Dashboards as code, and getting them into a Grafana."""

from observe.grafana.files import dashboards_json

__all__ = ["dashboards_json"]
