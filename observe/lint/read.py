"""The objects in files and folders: what can be judged, what is left out, what cannot be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from observe.errors import InputError
from observe.export.existing import objects_in
from observe.export.files import yaml_files
from observe.export.yaml_io import load_documents, load_mapping_text
from observe.lint.objects import ConfigObject, is_known, without_nulls

#: A file above this is no file that people write, and would take minutes.
MAX_BYTES = 20_000_000

_WANTED = re.compile(rb"\b(?:networking\.istio\.io|gateway\.networking\.k8s\.io)/|defaultHttpRetry")
_TEMPLATE = re.compile(r"\{\{.*\}\}")


@dataclass
class Inventory:
    """What was found.

    Attributes:
        objects: those of a kind that is looked at, in the order of files and documents.
        others: other kinds → how many there were in the files that were read.
        templates: files that hold chart templates and are no YAML before they are rendered.
        unreadable: what is wrong with the files that could not be read.
        default_attempts: from meshConfig.defaultHttpRetryPolicy, where it was found.
        root_namespace: from meshConfig.rootNamespace, where it was found.
    """

    objects: list[ConfigObject] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    templates: list[str] = field(default_factory=list)
    unreadable: list[InputError] = field(default_factory=list)
    default_attempts: int | None = None
    root_namespace: str | None = None

    def add(self, data: dict[str, Any], **where: Any) -> None:
        """Take an object up, or count it."""
        kind = str(data.get("kind"))
        if is_known(data):
            self.objects.append(ConfigObject(kind, without_nulls(data), **where))
        else:
            self.others[kind if isinstance(data.get("kind"), str) else "no kind"] += 1
            if kind == "ConfigMap":
                self._mesh_config(data)

    def _mesh_config(self, data: dict[str, Any]) -> None:
        """Take what counts from the ConfigMap `istio`, whose meshConfig is YAML in a text."""
        metadata, texts = data.get("metadata"), data.get("data")
        named = isinstance(metadata, dict) and str(metadata.get("name", "")).startswith("istio")
        if not (named and isinstance(texts, dict) and isinstance(texts.get("mesh"), str)):
            return
        try:
            mesh = load_mapping_text(texts["mesh"], "meshConfig of the ConfigMap istio")
        except InputError as error:
            self.unreadable.append(error)
            return
        retry, root = mesh.get("defaultHttpRetryPolicy"), mesh.get("rootNamespace")
        if isinstance(retry, dict):
            attempts = retry.get("attempts", 0)
            whole = isinstance(attempts, int) and not isinstance(attempts, bool)
            self.default_attempts = max(0, attempts) if whole else None
        if isinstance(root, str) and root:
            self.root_namespace = root


def read_inventory(paths: Sequence[Path]) -> Inventory:
    """The objects in files and folders (`*.yaml`, `*.yml`, all the way down, sorted).

    A file inside a folder is only parsed when it mentions Istio's or the Gateway API. One file
    that cannot be read does not keep the others from being judged.

    Raises:
        InputError: a path does not exist.
    """
    inventory = Inventory()
    for file, relative, explicit in yaml_files(paths):
        try:
            _read(file, relative, explicit, inventory)
        except InputError as error:
            inventory.unreadable.append(error)
    return inventory


def _read(file: Path, relative: str, explicit: bool, inventory: Inventory) -> None:
    content = _content(file)
    if not explicit and not _WANTED.search(content):
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: byte {error.start} is not UTF-8", "save the file as UTF-8"
        ) from error
    try:
        documents = load_documents(text, str(file))
    except InputError:
        if explicit or not _TEMPLATE.search(text):
            raise
        inventory.templates.append(str(file))
        return
    first, slash, _ = relative.partition("/")
    for document in documents:
        for data, path in objects_in(document.data):
            inventory.add(
                data,
                file=file.as_posix(),
                folder=first if slash else "",
                document=document,
                path=path,
            )
        if not isinstance(document.data, dict):
            inventory.others["no kind"] += 1


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES // 1_000_000} MB", "split it")
    return content
