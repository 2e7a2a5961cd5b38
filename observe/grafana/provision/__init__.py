"""Dashboards, data sources and alert rules into a Grafana: planned first, applied on request."""
