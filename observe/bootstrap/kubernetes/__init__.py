"""Plain Kubernetes objects of the stack, for `kubectl apply -k` or `--apply`."""

from observe.bootstrap.kubernetes.render import render_kubernetes

__all__ = ["render_kubernetes"]
