"""Objects of the stack for the Prometheus Operator."""

from observe.bootstrap.operator.render import render_operator

__all__ = ["render_operator"]
