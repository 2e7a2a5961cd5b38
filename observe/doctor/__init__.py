"""Is the telemetry fit for tuning, and if not, which setting would make it so."""
