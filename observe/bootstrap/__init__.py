"""The monitoring stack: Prometheus processes that this machine runs itself."""
