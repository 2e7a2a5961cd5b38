"""Objects of Istio that are already there, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observe.durations import duration_ms, shown
from observe.errors import InputError
from observe.export.hosts import abbreviates, covers, domain_of, resolve
from observe.export.yaml_io import Document, YamlPath

API_GROUP = "networking.istio.io"
API_VERSIONS = tuple(f"{API_GROUP}/{version}" for version in ("v1", "v1beta1", "v1alpha3"))


@dataclass(frozen=True)
class ExistingObject:
    """One object and where it stands.

    Attributes:
        name: its name, "" when the cluster is to generate one.
        namespace: its namespace; None when the file does not say.
        file: the file as it was given.
        relative: the file below the folder that was given, with `/`.
        document: document of the file.
        path: where the object is in the document (empty, or an item of a List).
        data: the object.
    """

    name: str
    namespace: str | None
    file: Path
    relative: str
    document: Document
    path: YamlPath
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """`VirtualService`, `DestinationRule` or `Sidecar`."""
        return str(self.data["kind"])

    @property
    def line(self) -> int:
        """The line the object begins at."""
        return self.document.line_of(self.path)

    @property
    def place(self) -> str:
        """File and line: `shop/payment.yaml:12`."""
        return f"{self.relative}:{self.line}"

    @property
    def label(self) -> str:
        """Object and place for a message: `shop/payment (shop/payment.yaml:12)`."""
        return f"{self.namespace or '-'}/{self.name or '-'} ({self.place})"

    @property
    def spec(self) -> dict[str, Any]:
        """The `spec`."""
        spec: dict[str, Any] = self.data["spec"]
        return spec

    @property
    def hosts(self) -> list[str]:
        """The hosts as written; empty for a delegate."""
        return list(self.spec.get("hosts") or [])

    @property
    def exported_to(self) -> list[str]:
        """The namespaces that see it; `*` for all."""
        return [str(name) for name in self.spec.get("exportTo") or ["*"]]

    def defines(self, service: str, namespace: str) -> bool:
        """Whether the service is one of its hosts, by its full or its short name."""
        return any(self.full(host, service, namespace) == service for host in self.hosts)

    def covers(self, service: str) -> bool:
        """Whether a wildcard host matches the service."""
        return any(covers(host, service) for host in self.hosts)

    def abbreviates(self, service: str) -> bool:
        """Whether a host looks like the service but stops short of its full name."""
        return any(abbreviates(host, service) for host in self.hosts)

    def full(self, host: str, service: str, namespace: str) -> str:
        """The full name of a host written in it; `namespace` where the file tells none."""
        return resolve(host, self.namespace or namespace, domain_of(service))

    def line_at(self, path: YamlPath) -> int:
        """The line of the deepest part of `path` below the object that exists."""
        return self.document.line_of((*self.path, *path))

    def milliseconds(self, holder: dict[str, Any], path: YamlPath) -> float | None:
        """The duration under the last key of `path` in `holder`; None where none is set.

        Raises:
            InputError: it is not a duration.
        """
        written = holder.get(str(path[-1]))
        if written is None:
            return None
        try:
            # 0s, which Istio took for "disabled" before it began to refuse it
            return float(duration_ms(written)) or None
        except InputError as error:
            raise InputError(
                f"{self.file}, line {self.line_at(path)}: the {path[-1]} {shown(written)} is not "
                "a duration",
                error.hint,
            ) from error


def objects_in(data: Any, path: YamlPath = ()) -> Iterator[tuple[dict[str, Any], YamlPath]]:
    """The Kubernetes objects of a document, those inside a List too, and where they are."""
    if not isinstance(data, dict):
        return
    items = data.get("items")
    if str(data.get("kind", "")).endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            yield from objects_in(item, (*path, "items", index))
    else:
        yield data, path


def fields_of(data: dict[str, Any], path: YamlPath, document: Document, file: Path) -> Fields:
    """What all kinds have in common: name and namespace, and that `spec` is a mapping.

    Raises:
        InputError: a field has the wrong type.
    """
    fields = Fields(data, path, document, file)
    fields.require(isinstance(data.get("metadata") or {}, dict), ("metadata",), "a mapping")
    fields.require(isinstance(data.get("spec"), dict), ("spec",), "a mapping")
    return fields


@dataclass(frozen=True)
class Fields:
    """An object whose fields are being checked."""

    data: dict[str, Any]
    path: YamlPath
    document: Document
    file: Path

    def require(self, holds: bool, where: YamlPath, what: str) -> None:
        """Complain of a field that is not what it has to be.

        Raises:
            InputError: it does not hold.
        """
        if not holds:
            line = self.document.line_of((*self.path, *where))
            raise InputError(
                f"{self.file}, line {line}: {'.'.join(map(str, where))} is not {what}",
                f"correct the {self.data.get('kind')}",
            )

    def names(self, keys: Iterable[str]) -> None:
        """These fields of `spec` are lists of names, where they are set.

        Raises:
            InputError: one is not.
        """
        for key in keys:
            value = self.data["spec"].get(key) or []
            texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
            self.require(texts, ("spec", key), "a list of names")

    def mapping(self, holder: dict[str, Any], where: YamlPath) -> dict[str, Any]:
        """The mapping under the last key of `where`; empty where none is set.

        Raises:
            InputError: it is something else.
        """
        value = holder.get(str(where[-1]))
        self.require(value is None or isinstance(value, dict), where, "a mapping")
        found: dict[str, Any] = value or {}
        return found

    def identity(self, relative: str) -> dict[str, Any]:
        """The arguments that every `ExistingObject` takes."""
        metadata = self.data.get("metadata") or {}
        namespace = metadata.get("namespace")
        return {
            "name": str(metadata.get("name") or ""),
            "namespace": str(namespace) if namespace else None,
            "file": self.file,
            "relative": relative,
            "document": self.document,
            "path": self.path,
            "data": self.data,
        }
