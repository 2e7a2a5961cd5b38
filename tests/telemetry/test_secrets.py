"""Planted secrets are looked for in everything that a run leaves behind or says."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from click.testing import CliRunner
from fault_proxy import Fault, FaultProxy, Request
from known_week import END, WEB, Week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.cli.main import main
from observe.demo.remote_write import push

pytestmark = pytest.mark.integration
PASSWORD = "pl@nted pass/word"
TOKEN = "planted-token-of-the-file"
HEADER = "planted-value-of-a-header"
PAIR = base64.b64encode(f"ops:{PASSWORD}".encode()).decode()
FORMS = (PASSWORD, quote(PASSWORD, safe=""), PAIR, TOKEN, HEADER)

Commands = ("collect", "report", "explain", "doctor")


@pytest.fixture(scope="module")
def server(prometheus_server: Callable[..., PrometheusServer]) -> PrometheusServer:
    week = Week(start=END - timedelta(days=2))
    week.add("p", np.full(len(week.times_ms), 60), labels=WEB)
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


def _echo(request: Request) -> bytes:
    """A server that repeats what it was given, as careless ones do."""
    said = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    kind, _, pair = request.headers.get("authorization", "").partition(" ")
    known = base64.b64decode(pair).decode() if kind == "Basic" else ""
    return f'{{"status":"error","errorType":"x","error":"{said} {known}"}}'.encode()


DECISIONS: dict[str, Callable[[Request], Fault | None]] = {
    "all is well": lambda _: None,
    "refused": lambda r: Fault(status=403, body=_echo(r)),
    "broken": lambda r: Fault(status=500, body=_echo(r)),
    "not json": lambda r: Fault(status=200, body=_echo(r)[10:]),
    "an error in an answer": lambda r: Fault(status=200, body=_echo(r)),
    "redirected": lambda r: Fault(
        status=302, headers=(("Location", f"http://ops:{quote(PASSWORD)}@login/?token={TOKEN}"),)
    ),
    "dropped": lambda _: Fault(drop=True),
    "in part": lambda r: Fault(status=422, body=_echo(r)) if _of_buckets(r.query) else None,
}


def _of_buckets(query: str) -> bool:
    return "_bucket" in query and ("increase" in query or "group by (le)" in query)


@pytest.mark.parametrize("case", DECISIONS)
@pytest.mark.parametrize("command", Commands)
def test_no_output_holds_a_secret(
    server: PrometheusServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    case: str,
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setenv("XDG_CACHE_HOME", str(made / "cache"))
    with FaultProxy(server.url, DECISIONS[case]) as proxy:
        named = proxy.url.replace("//", f"//ops:{quote(PASSWORD, safe='')}@")
        end = END.strftime("%Y-%m-%dT%H:%MZ")
        common = ["--window", "2d", "--end", end, "--header", f"X-Key: {HEADER}"]
        target = ["pay"] if command == "explain" else []
        for credentials in (
            ["--prometheus", named],
            ["--prometheus", proxy.url, "--token-file", str(file)],
            ["--prometheus", f"a={proxy.url}", "--prometheus", f"b={named}"],
        ):
            run = CliRunner().invoke(
                main, ["--debug", "--verbose", command, *target, *credentials, *common]
            )
            expected = {0} if case == "all is well" else {3}
            allowed = {"explain": {2}, "doctor": {0}}.get(
                command, set()
            )  # no target; still a table
            assert run.exit_code in expected | allowed, run.output
            for form in FORMS:
                assert form not in run.output, (case, credentials)
        assert proxy.seen
        assert case == "all is well" or proxy.faults
    _search(made)


def _search(folder: Path) -> None:
    """Look for secrets in the bytes of all files and in their names."""
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for form in FORMS:
            assert form not in str(path)
            assert form.encode() not in content, path


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text(f"x{HEADER}x")
    with pytest.raises(AssertionError):
        _search(tmp_path)
