"""Numeric cases from outside the repository, for tests that read them in place."""

import json
from typing import Any

import pytest
from corpus import CORPUS


def vectors(name: str) -> dict[str, Any]:
    """Read a file of cases; skips where it is absent."""
    path = CORPUS.parent / "data" / name
    if not path.is_file():
        pytest.skip(f"the numeric cases of {name} are not beside this repository")
    found: dict[str, Any] = json.loads(path.read_text())
    return found
