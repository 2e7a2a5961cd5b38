from __future__ import annotations

from pathlib import Path

import pytest

from observe.errors import InputError
from observe.telemetry.settings import ConnectionSettings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://prom:9090/", "http://prom:9090"),
        ("HTTPS://prom.example/prefix//", "https://prom.example/prefix"),
        ("http://prom:9090/graph", "http://prom:9090"),
        ("http://prom:9090/api/v1/query", "http://prom:9090"),
        ("http://host/select/0/prometheus/api/v1/", "http://host/select/0/prometheus"),
        ("http://[::1]:9090", "http://[::1]:9090"),
    ],
)
def test_an_address_is_normalised(given: str, kept: str) -> None:
    assert ConnectionSettings(given).url == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("prom:9090", "does not start with http:// or https://"),
        ("ftp://prom", "does not start with http:// or https://"),
        ("http://", "names no host"),
        ("http://prom:port", "is not a URL"),
        ("http://prom:99999", "is not a URL"),
        ("http://prom/?query=up", "holds a query"),
        ("http://pro m", "names no host"),
        ("", "does not start with"),
    ],
)
def test_a_wrong_address_is_refused_with_an_example(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        ConnectionSettings(given)
    assert "http://prometheus.example:9090" in caught.value.hint


def test_credentials_in_the_address_are_taken_out_of_it() -> None:
    settings = ConnectionSettings("http://me:p%40ss@prom:9090")
    assert settings.url == "http://prom:9090"
    assert (settings.username, settings.password) == ("me", "p@ss")


def test_secrets_show_neither_in_the_representation_nor_in_errors() -> None:
    settings = ConnectionSettings(
        "http://prom", token="tok-secret", headers={"X-Key": "key-secret"}
    )
    assert "secret" not in repr(settings)
    assert settings.redact("a tok-secret b key-secret") == "a *** b ***"
    with pytest.raises(InputError) as caught:
        ConnectionSettings("ftp://me:secret@prom")
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        ConnectionSettings("http://prom", token="secret\nX-Evil: 1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": "a", "username": "b"}, "a token and a user name"),
        ({"token": "a", "token_file": Path("x")}, "a token and a token file"),
        ({"password": "b"}, "without a user name"),
        ({"key_file": Path("k")}, "without its certificate"),
        ({"ca_file": Path("/no/such/ca.pem")}, "ca file /no/such/ca.pem does not exist"),
        ({"headers": {"bad name": "x"}}, "is not a header name"),
        ({"headers": {"X-A": "a\r\nX-B: c"}}, "cannot carry"),
        ({"tenant": "a\nb"}, "cannot carry"),
        ({"timeout_seconds": 0}, "timeout_seconds must be above 0"),
        ({"max_concurrency": 0}, "max_concurrency must be above 0"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds must be above 0"),
    ],
)
def test_contradictions_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ConnectionSettings("http://prom", **options)  # type: ignore[arg-type]


def test_the_token_is_read_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc123\n")
    assert ConnectionSettings("http://prom", token_file=file).bearer() == "abc123"
    file.write_text("\n")
    with pytest.raises(InputError, match="holds no usable token"):
        ConnectionSettings("http://prom", token_file=file).bearer()


def test_loopback_is_recognised_by_name_and_address() -> None:
    for url in ("http://localhost:1", "http://127.0.0.2", "http://[::1]:9090"):
        assert ConnectionSettings(url).on_loopback
    assert not ConnectionSettings("http://127.example").on_loopback
