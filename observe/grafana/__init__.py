"""Dashboards as code, and getting them into a Grafana."""
