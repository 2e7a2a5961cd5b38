"""Tokens that are replaced during a run, and secrets that nobody may see."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted_api import Api, Asked, Reply, failure, vector

from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.settings import ConnectionSettings

Serve = Callable[..., Api]


def _wants(token: str) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        given = asked.headers.get("authorization", "")
        return vector() if given == f"Bearer {token}" else failure(401, "", f"refused: {given}")

    return answer


def test_a_token_that_was_replaced_is_read_again_after_a_refusal(
    api: Serve, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first-token")
    server = api(_wants("first-token"))
    client = PrometheusClient(ConnectionSettings(server.url, token_file=file))
    client.instant("1")
    server.answer = _wants("second-token")
    file.write_text("second-token\n")
    client.instant("1")
    client.instant("1")
    sent = [asked.headers["authorization"].split()[1] for asked in server.asked]
    assert sent == ["first-token", "first-token", "second-token", "second-token"]


@pytest.mark.parametrize("after", ["first-token", ""])
def test_a_token_that_was_not_replaced_is_not_tried_twice(
    api: Serve, tmp_path: Path, after: str
) -> None:
    file = tmp_path / "token"
    file.write_text("first-token")
    server = api(_wants("another"))
    client = PrometheusClient(ConnectionSettings(server.url, token_file=file))
    file.write_text(after)  # as it was, or empty for the moment of being replaced
    with pytest.raises(SourceError, match="wants credentials"):
        client.instant("1")
    assert len(server.asked) == 1


def test_a_second_refusal_is_the_last_word(api: Serve, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first-token")
    server = api(_wants("another"))
    client = PrometheusClient(ConnectionSettings(server.url, token_file=file))
    file.write_text("second-token")
    with pytest.raises(SourceError) as caught:
        client.instant("1")
    assert len(server.asked) == 2
    assert "first-token" not in str(caught.value)
    assert "second-token" not in str(caught.value)
    assert "refused: Bearer ***" in str(caught.value)


def test_every_form_of_a_password_is_hidden(api: Serve) -> None:
    password = "s3cr3t pass/word"
    pair = base64.b64encode(f"ops:{password}".encode()).decode()
    said = f"{pair} {password} s3cr3t%20pass%2Fword"
    server = api(lambda asked: failure(403, "", f"{asked.headers['authorization']} {said}"))
    client = PrometheusClient(ConnectionSettings(server.url, username="ops", password=password))
    with pytest.raises(SourceError, match=r"Basic \*\*\* \*\*\* \*\*\* \*\*\*"):
        client.instant("1")
