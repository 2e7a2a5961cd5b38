"""Objects of Istio and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from observe.export.existing import API_GROUP, API_VERSIONS
from observe.export.yaml_io import Document, YamlPath

GATEWAY_API = ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1")

#: Kinds that are looked at, with the versions they are served in.
KINDS = {
    "VirtualService": API_VERSIONS,
    "DestinationRule": API_VERSIONS,
    "Sidecar": API_VERSIONS,
    "HTTPRoute": GATEWAY_API,
}
#: The kinds that rules judge; the others are only looked up.
JUDGED = ("VirtualService", "DestinationRule")

Identity = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class ConfigObject:
    """One object.

    Attributes:
        kind: `VirtualService`, `DestinationRule`, `Sidecar` or `HTTPRoute`.
        data: the object without fields that are null.
        file: the file as it was given, or `cluster:NAME`.
        folder: first sub-folder below the place that was given, or "".
        document: document of the file; None for an object read from a cluster.
        path: where the object is in the document (empty, or an item of a List).
    """

    kind: str
    data: dict[str, Any]
    file: str
    folder: str = ""
    document: Document | None = None
    path: YamlPath = ()

    @property
    def metadata(self) -> dict[str, Any]:
        """The `metadata`; empty when it is no mapping."""
        found = self.data.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """Its name, "" when the cluster is to generate one."""
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """Its namespace; "" when the file does not say."""
        return str(self.metadata.get("namespace") or "")

    @property
    def identity(self) -> Identity:
        """Kind, namespace and name, which one object of a cluster has alone."""
        return (self.kind, self.namespace, self.name)

    @property
    def created(self) -> str:
        """When the cluster made it (RFC 3339, which sorts), or ""."""
        return str(self.metadata.get("creationTimestamp") or "")

    @property
    def spec(self) -> dict[str, Any]:
        """The `spec`; empty when it is no mapping."""
        found = self.data.get("spec")
        return found if isinstance(found, dict) else {}

    @property
    def label(self) -> str:
        """`VirtualService shop/payment`."""
        return f"{self.kind} {self.namespace or '-'}/{self.name or '-'}"

    @property
    def place(self) -> str:
        """`shop/payment.yaml:12`."""
        line = self.line_of(())
        return f"{self.file}:{line}" if line else self.file

    def line_of(self, path: YamlPath) -> int:
        """The line of the deepest part of `path` that exists, from 1; 0 without a file."""
        return self.document.line_of((*self.path, *path)) if self.document else 0

    def visible_in(self, namespace: str) -> bool:
        """Whether `exportTo` shows the object to clients of a namespace."""
        shown = self.exported_to
        return shown is None or namespace in shown

    @property
    def exported_to(self) -> frozenset[str] | None:
        """The namespaces that see it; None for all."""
        listed = self.spec.get("exportTo") or ["*"]
        if "*" in listed:
            return None
        return frozenset(self.namespace if name == "." else str(name) for name in listed)


def is_known(data: dict[str, Any]) -> bool:
    """Whether an object is of a kind that is looked at."""
    kind, version = str(data.get("kind")), str(data.get("apiVersion"))
    if kind in JUDGED:  # of a version that does not exist, too, which is then told
        return version.startswith(f"{API_GROUP}/")
    return version in KINDS.get(kind, ())


def without_nulls(value: Any) -> Any:
    """A copy without the fields that are null, which the API server drops."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def share_clients(left: ConfigObject, right: ConfigObject) -> bool:
    """Whether some namespace sees both objects."""
    if left.exported_to is None or right.exported_to is None:
        return True
    return bool(left.exported_to & right.exported_to)
