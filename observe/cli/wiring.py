"""From parsed options to the library's objects; used by every command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from observe.cli.console import Console
from observe.errors import EXIT_DONE, EXIT_FINDINGS, EXIT_SOURCE, InputError
from observe.export.current import Current, read_current
from observe.export.yaml_io import load_mapping, read_text
from observe.recommend.base_model import SEVERITIES
from observe.recommend.model import Advice
from observe.recommend.policy import Policy
from observe.report.reason_words import reason_words
from observe.telemetry.cache import DayCache, default_folder
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.fetch import Progress
from observe.telemetry.manifest import MissingPiece
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.several import Address, collect_all, read_addresses
from observe.telemetry.snapshot import Snapshot, load

#: Connection options that have the name of their setting.
_CONNECTION = (
    *("token", "token_file", "username", "tenant"),
    *("ca_file", "cert_file", "key_file", "insecure"),
)

#: A server that gives up by itself says why: it is given this much longer, but no more than again
#: the time that was asked for.
_LONGEST_GRACE = 5.0


def addresses(options: dict[str, Any]) -> tuple[Address, ...]:
    """The servers that the options name.

    Raises:
        InputError: none, or one of them twice.
    """
    given = [text for text in options["prometheus"] if text]
    if not given:
        raise InputError("no Prometheus given", "add --prometheus URL (or set OBSERVE_PROMETHEUS)")
    return read_addresses(given)


def connection_settings(options: dict[str, Any], url: str) -> ConnectionSettings:
    """Connection settings of one server from the shared options.

    Raises:
        InputError: the address or a setting is wrong.
    """
    return ConnectionSettings(
        url=url,
        headers=dict(options["headers"]),
        timeout_seconds=options["timeout"],
        grace_seconds=min(_LONGEST_GRACE, options["timeout"]),
        run_seconds=options.get("run_timeout", ConnectionSettings.run_seconds),
        max_concurrency=options.get("max_concurrency", ConnectionSettings.max_concurrency),
        password=_password(options),
        **{name: options[name] for name in _CONNECTION},
    )


def _password(options: dict[str, Any]) -> str | None:
    """The password, from the command line or its file."""
    file: Path | None = options["password_file"]
    password: str | None = options["password"]
    if file is None:
        return password
    if password is not None:
        raise InputError("--password and --password-file are both given", "give one of them")
    text = read_text(file).strip()
    if not text:
        raise InputError(f"the password file {file} is empty")
    return text


def cache_folder(given: Path | None) -> Path | None:
    """The folder for past days; None when there is no home folder."""
    return given or default_folder()


def day_cache(options: dict[str, Any], settings: ConnectionSettings) -> DayCache | None:
    """Where past days of a server are kept; None for nowhere."""
    folder = cache_folder(options.get("cache_dir"))
    return None if options.get("no_cache") or folder is None else DayCache.of(folder, settings)


def pull(options: dict[str, Any], console: Console) -> Snapshot:
    """Collect the window that the options ask for."""
    servers = addresses(options)
    settings = {server.url: connection_settings(options, server.url) for server in servers}
    end: datetime = options["end"] or datetime.now(UTC)
    start = end - options["window"]
    for each in settings.values():
        if each.insecure:
            console.warn(f"the certificate of {each.url} is not checked")

    def read(url: str, progress: Progress | None) -> Snapshot:
        with PrometheusClient(settings[url]) as client:
            cache = day_cache(options, settings[url])
            try:
                return collect(client, start, end, progress=progress, cache=cache)
            finally:
                console.detail(_said_of(client, cache))

    with console.progress("Reading telemetry") as bar:
        snapshot = collect_all(servers, read, start, end, bar.advance)
    for warning in snapshot.manifest.source.warnings:
        console.warn(warning)
    return snapshot


def _said_of(client: PrometheusClient, cache: DayCache | None) -> str:
    """How a server was asked, in one line."""
    pace, cost = client.pace, client.cost
    slowed = f", slowed down {pace.halved} times" if pace.halved else ""
    kept = f"; days used again: {cache.used['found']}, kept: {cache.used['kept']}" if cache else ""
    return (
        f"{client.settings.url}: {cost.queries} queries, {cost.bytes / 1e6:.1f} MB, up to "
        f"{pace.reached} at the same time{slowed}{kept}"
    )


def snapshot_from(options: dict[str, Any], console: Console) -> Snapshot:
    """A stored snapshot, or a fresh one from a Prometheus."""
    if options["snapshot"] is not None:
        if options["prometheus"] and _given("prometheus"):
            raise InputError("give --prometheus or --snapshot, not both")
        return load(options["snapshot"])
    return pull(options, console)


def _given(name: str) -> bool:
    """Whether an option stands on the command line (rather than in the environment)."""
    source = click.get_current_context().get_parameter_source(name)
    return source == click.core.ParameterSource.COMMANDLINE


def read_policy(path: Path | None) -> Policy:
    """The policy in a YAML file; the defaults when there is none.

    Raises:
        InputError: the file is no YAML or names a setting that does not exist.
    """
    if path is None:
        return Policy()
    try:
        return Policy.model_validate(load_mapping(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            hint = _settings_hint(where)
            raise InputError(f"{path}: there is no setting {where}", hint) from error
        raise InputError(f"{path}: {where}: {first['msg']}", _settings_hint(where)) from error


def _settings_hint(wanted: str) -> str:
    """The settings with the nearest names; those of the section, or all, where none is near."""
    document = Policy().model_dump(by_alias=True)
    names = [
        f"{name}.{inner}" if inner else name
        for name, value in document.items()
        for inner in (value if isinstance(value, dict) else [""])
    ]
    near = get_close_matches(wanted, [name for name in names if name != wanted], n=2)
    if near and wanted not in names:
        return f"Did you mean {' or '.join(near)}?"
    section = [name for name in names if name.partition(".")[0] == wanted.partition(".")[0]]
    return f"There are: {', '.join(section or names)}"


def read_settings(paths: tuple[Path, ...]) -> Current | None:
    """The settings that are there; None when no place was named."""
    return read_current(paths) if paths else None


def finish(advice: Advice, fail_on: str | None, console: Console) -> int:
    """The exit code of a run, after naming what is missing."""
    if advice.missing:
        name_missing(advice.missing, console)
        return EXIT_SOURCE
    if fail_on and any(_at_least(r.severity, fail_on) for r in advice.recommendations):
        return EXIT_FINDINGS
    return EXIT_DONE


def hint_when_empty(advice: Advice, console: Console) -> None:
    """Say what to do when nothing could be recommended."""
    if advice.recommendations or not advice.withheld:
        return  # with nothing to withhold either, a warning of the source says why
    reason, count = Counter(w.reason for w in advice.withheld).most_common(1)[0]
    words = reason_words(reason)
    console.warn(
        f"nothing can be recommended; for {count} of {len(advice.withheld)} targets because "
        f"{words.meaning}. {words.advice}"
    )


def name_missing(missing: Iterable[MissingPiece], console: Console) -> None:
    """One warning for each query that was not answered everywhere, and the error that sums up."""
    by_query: dict[str, list[MissingPiece]] = {}
    for piece in missing:
        by_query.setdefault(piece.query, []).append(piece)
    for query, pieces in by_query.items():
        start, end = min(p.start for p in pieces), max(p.end for p in pieces)
        count = f" in {len(pieces)} pieces" if len(pieces) > 1 else ""
        console.warn(
            f"missing: {query}{count} from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC: "
            f"{pieces[0].reason}"
        )
    if by_query:
        console.error(
            f"the Prometheus answered in part; missing: {', '.join(by_query)}",
            "what was written says which part; repeat the run, or ask for a shorter --window",
        )


def _at_least(severity: str, threshold: str) -> bool:
    names: tuple[str, ...] = SEVERITIES
    return names.index(severity) >= names.index(threshold)
