from __future__ import annotations

from pathlib import Path

import pytest

from observe.bootstrap.local.receiver import require_receiver
from observe.bootstrap.local.settings import Places
from observe.bootstrap.stack import Alerting, Stack
from observe.errors import InputError

SLACK = Stack(alerting=Alerting(receiver="slack"))


def test_a_receiver_without_its_file_is_refused_and_the_file_named(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "slack-url"
    with pytest.raises(InputError) as caught:
        require_receiver(SLACK, Places(tmp_path))
    assert caught.value.message == f"alerting.receiver is slack, but {file} cannot be read"
    assert caught.value.hint == (
        f"write the URL into {file} and `chmod 600` it, or set alerting.receiver: none"
    )


def test_an_empty_file_and_one_that_others_may_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "slack-url"
    file.parent.mkdir()
    file.write_text("\n")
    file.chmod(0o600)
    with pytest.raises(InputError, match="is empty"):
        require_receiver(SLACK, Places(tmp_path))
    file.write_text("https://hooks.example/x\n")
    file.chmod(0o640)
    with pytest.raises(InputError, match="others may read"):
        require_receiver(SLACK, Places(tmp_path))


def test_a_private_file_and_no_receiver_are_accepted(tmp_path: Path) -> None:
    require_receiver(Stack(), Places(tmp_path))
    file = tmp_path / "secrets" / "slack-url"
    file.parent.mkdir()
    file.write_text("https://hooks.example/x\n")
    file.chmod(0o600)
    require_receiver(SLACK, Places(tmp_path))
