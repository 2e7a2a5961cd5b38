"""The stack on this machine: two Prometheus and an Alertmanager as supervised processes."""
