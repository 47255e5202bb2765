"""What the tests against real servers share."""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from git_plans import FILES

from gitops_canary.app.places import CACHE
from gitops_canary.git.branches import Branches
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision

USERS = {"bot": "b0t-pässword:with colon", "ada": "ada-password"}


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the clones of each test apart from all others'."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))


@pytest.fixture
def origin(tmp_path: pathlib.Path) -> Iterator[Origin]:
    """An empty repository served over HTTP to the users above."""
    directory = tmp_path / "server"
    directory.mkdir()
    with Origin.start(directory, USERS) as started:
        yield started


@pytest.fixture(scope="session")
def git_identity(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The arguments of `Repository` for a controller that may write and signs."""
    directory = tmp_path_factory.mktemp("identity")
    password = directory / "password"
    password.write_text(USERS["bot"] + "\n")
    key = directory / "key"
    generate_key(key)
    return {
        "name": "gitops-canary",
        "email": "canary@example.com",
        "username": "bot",
        "password_file": password,
        "signing_key": key,
    }


@pytest.fixture
def open_repository(
    origin: Origin, git_identity: Mapping[str, Any], tmp_path: pathlib.Path
) -> Iterator[Callable[..., Branches]]:
    """Open clones of the origin; all are closed at the end."""
    opened: list[Branches] = []

    def open_one(**changes: Any) -> Branches:
        arguments: dict[str, Any] = {
            "url": origin.url,
            "branch": origin.branch,
            "directory": tmp_path / f"clone-{len(opened)}",
            "timeout_ms": 20_000,
            **git_identity,
            **changes,
        }
        opened.append(Branches(**arguments))
        return opened[-1]

    yield open_one
    for repository in opened:
        repository.close()


@pytest.fixture
def seeded(origin: Origin) -> Revision:
    """The revision of a first commit on the origin."""
    return Revision(origin.commit(FILES, "Begin\n"))
