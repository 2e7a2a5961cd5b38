"""Which cluster is meant: kubeconfig files, contexts, or the service account of a pod."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightkube.config.kubeconfig import SERVICE_ACCOUNT, KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError

from observe.errors import InputError
from observe.export.yaml_io import load_mapping

#: Fields with file names, which are relative to the file they stand in.
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def find_config(
    context: str | None, kubeconfig: Path | None, environment: Mapping[str, str]
) -> tuple[SingleConfig, str | None]:
    """The cluster, user and namespace of a context, and the proxy to reach it through.

    The file given, else the files of KUBECONFIG, else ~/.kube/config, else the service account of
    the pod this runs in.

    Raises:
        InputError: no such file or context, or a broken file.
    """
    paths = _paths(kubeconfig, environment)
    if not paths:
        return _in_cluster(context), None
    merged = _merge([_absolute(_read(path), path.absolute().parent) for path in paths])
    name = context or merged["current-context"]
    known = [entry["name"] for entry in merged["contexts"]]
    where = ", ".join(map(str, paths))
    if not name:
        raise InputError(
            f"{where} has no current context", f"Choose one with --context ({_list(known)})"
        )
    if name not in known:
        raise InputError(f"{where} has no context {name}", f"It has {_list(known)}")
    try:
        chosen = KubeConfig.from_dict(merged, fname=paths[0]).get(name)
    except (KeyError, ValueError, TypeError, ConfigError) as error:
        raise InputError(
            f"context {name} of {where} is incomplete: {error}", "Correct the kubeconfig"
        ) from error
    if chosen is None:
        raise InputError(f"{where} has no context {name}", f"It has {_list(known)}")
    proxy = next(
        entry["cluster"].get("proxy-url")
        for entry in merged["clusters"]
        if entry["name"] == chosen.context.cluster
    )
    return chosen._replace(user=chosen.user or User()), proxy


def _paths(kubeconfig: Path | None, environment: Mapping[str, str]) -> list[Path]:
    if kubeconfig is not None:
        if not kubeconfig.is_file():
            raise InputError(f"there is no kubeconfig {kubeconfig}", "Correct --kubeconfig")
        return [kubeconfig]
    named = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    if named:
        there = [path for path in named if path.is_file()]
        if not there:
            raise InputError(
                f"KUBECONFIG names {', '.join(map(str, named))}, which does not exist",
                "Correct the variable, or name a file with --kubeconfig",
            )
        return there
    usual = Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config"
    return [usual] if usual.is_file() else []


def _in_cluster(context: str | None) -> SingleConfig:
    if context is not None or not Path(SERVICE_ACCOUNT, "token").is_file():
        raise InputError(
            "there is no kubeconfig: neither --kubeconfig nor KUBECONFIG nor ~/.kube/config",
            "Name one with --kubeconfig",
        )
    try:
        found = KubeConfig.from_service_account().get()
    except (ConfigError, KeyError) as error:
        raise InputError(f"the service account of this pod is incomplete: {error}") from error
    if found is None:
        raise InputError("the service account of this pod is incomplete")
    return found


def _read(path: Path) -> dict[str, Any]:
    document = load_mapping(path)
    for part in ("clusters", "contexts", "users"):
        entries = document.get(part) or []
        key = part.removesuffix("s")
        if not isinstance(entries, list) or not all(_is_entry(entry, key) for entry in entries):
            raise InputError(f"{path} is no kubeconfig: its {part} are not as they should be")
        document[part] = entries
    return document


def _is_entry(entry: Any, key: str) -> bool:
    return isinstance(entry, dict) and "name" in entry and isinstance(entry.get(key), dict)


def _absolute(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """File names made absolute, so that files from several folders can be merged."""
    for part in ("clusters", "users"):
        for entry in document[part]:
            values = entry[part.removesuffix("s")]
            values |= {key: str(folder / values[key]) for key in _FILES if values.get(key)}
            plugin = values.get("exec")
            if isinstance(plugin, dict) and str(plugin.get("apiVersion")).endswith("k8s.io/v1"):
                # v1 says of tokens what v1beta1 says, and lightkube only knows the latter
                plugin["apiVersion"] += "beta1"
    return document


def _merge(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The first file that names something wins, as kubectl has it."""
    merged: dict[str, Any] = {"current-context": None}
    for document in documents:
        merged["current-context"] = merged["current-context"] or document.get("current-context")
    for part in ("clusters", "contexts", "users"):
        entries: dict[str, Any] = {}
        for document in documents:
            for entry in document[part]:
                entries.setdefault(str(entry["name"]), entry)
        merged[part] = list(entries.values())
    return merged


def _list(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "none"
