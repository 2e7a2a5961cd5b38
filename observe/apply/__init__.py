"""Kubernetes objects into a cluster: plan, server-side apply, prune, roll back (docs/apply.md)."""
