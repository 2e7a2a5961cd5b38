"""Observe: Istio telemetry in, tuning recommendations out."""

__version__ = "0.1.0"
