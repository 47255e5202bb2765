"""What the tests against real servers share."""

import pathlib
from collections.abc import Iterator

import pytest

from gitops_canary.lab.origin import Origin

USERS = {"bot": "b0t-pässword:with colon", "ada": "ada-password"}


@pytest.fixture
def origin(tmp_path: pathlib.Path) -> Iterator[Origin]:
    """An empty repository served over HTTP to the users above."""
    directory = tmp_path / "server"
    directory.mkdir()
    with Origin.start(directory, USERS) as started:
        yield started
