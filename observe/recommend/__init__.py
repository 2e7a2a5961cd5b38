"""Recommenders: pure functions of telemetry and a policy."""
