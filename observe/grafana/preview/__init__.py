"""Dashboards as pictures, drawn from live data without a Grafana."""
