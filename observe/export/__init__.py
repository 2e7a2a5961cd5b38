"""Recommendations as YAML, and the YAML that is already there."""
