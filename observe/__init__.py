"""Observe: Istio telemetry in, tuning recommendations out.

>>> import observe
>>> mesh = observe.connect("http://prometheus.example:9090")
>>> mesh.signals()
>>> mesh.recommendations(current="istio-config")
>>> mesh.recommendations("retry")
>>> print(mesh.explain("east/shop/payment", kind="retry"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from observe.mesh import Mesh, connect
    from observe.mesh import load_mesh as load
    from observe.recommend.base_model import Recommendation

__version__ = "0.1.0"
__all__ = ["Mesh", "Recommendation", "__version__", "connect", "load"]

_WHERE = {
    "Mesh": ("observe.mesh", "Mesh"),
    "connect": ("observe.mesh", "connect"),
    "load": ("observe.mesh", "load_mesh"),
    "Recommendation": ("observe.recommend.base_model", "Recommendation"),
}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `observe --help` does not wait for pandas.
    if name not in _WHERE:
        raise AttributeError(f"module 'observe' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
