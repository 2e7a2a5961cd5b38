"""The edge tier as values of kube-prometheus-stack, and plain objects for what it has not."""

from observe.bootstrap.helm.render import render_helm

__all__ = ["render_helm"]
