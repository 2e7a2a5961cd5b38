from __future__ import annotations

import bcrypt
import pytest

from observe.bootstrap.config import Credentials, hash_password, mounted_credentials, web_config
from observe.errors import InputError

PASSWORD = "correct horse battery"


def test_a_hash_is_of_its_password_and_differs_each_time() -> None:
    one, two = hash_password(PASSWORD, rounds=4), hash_password(PASSWORD, rounds=4)
    assert bcrypt.checkpw(PASSWORD.encode(), one.encode())
    assert one != two
    assert PASSWORD not in one


@pytest.mark.parametrize("password", ["", "short", "x" * 73, "ä" * 37, "a\0" * 8])
def test_passwords_that_bcrypt_would_cut_or_anyone_guess_are_refused(password: str) -> None:
    with pytest.raises(InputError, match="12 characters to 72 bytes"):
        hash_password(password)


def test_basic_auth_lets_one_user_in() -> None:
    config = web_config(mounted_credentials("basic"), "$2b$10$hash")
    assert config == {"basic_auth_users": {"observe": "$2b$10$hash"}}


def test_basic_auth_without_a_hash_is_refused_rather_than_left_open() -> None:
    with pytest.raises(InputError, match="bcrypt"):
        web_config(mounted_credentials("basic"))


def test_mtls_lets_nobody_in_without_a_certificate() -> None:
    assert web_config(mounted_credentials("mtls")) == {
        "tls_server_config": {
            "cert_file": "/etc/observe/tiers/tls.crt",
            "key_file": "/etc/observe/tiers/tls.key",
            "client_ca_file": "/etc/observe/tiers/ca.crt",
            "client_auth_type": "RequireAndVerifyClientCert",
        }
    }


def test_a_certificate_beside_a_password_makes_the_server_speak_tls() -> None:
    proof = Credentials(
        "basic", password_file="p", ca_file="ca", certificate_file="c", key_file="k"
    )
    assert proof.scheme == "https"
    assert web_config(proof, "h") == {
        "tls_server_config": {"cert_file": "c", "key_file": "k"},
        "basic_auth_users": {"observe": "h"},
    }
    assert proof.client() == {
        "basic_auth": {"username": "observe", "password_file": "p"},
        "tls_config": {"ca_file": "ca"},
    }


def test_credentials_that_prove_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="password"):
        Credentials("basic")
    with pytest.raises(InputError, match="certificate"):
        Credentials("mtls", ca_file="ca")
