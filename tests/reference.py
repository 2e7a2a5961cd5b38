"""The reference material that is kept beside the checkout; tests that need it skip without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def reference(*parts: str) -> Path:
    """A file or folder of it, such as `reference("grafana", "jsonschema")`."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared"
    path = Path(os.environ.get("OBSERVE_SHARED", beside)).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not kept beside the checkout ($OBSERVE_SHARED)")
    return path
