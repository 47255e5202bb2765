import pathlib
import shutil
from collections.abc import Iterator

import pytest
from recorded_world import EVIDENCE, World, two_rollouts

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = two_rollouts(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def clone(world: World, tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "clone.git"
    shutil.copytree(world.origin, path)
    return path


def check(world: World, clone: pathlib.Path, **scope: object) -> Verified:
    opened = PlainClone(clone)
    try:
        ownership = Ownership(
            identity=Identity(name="nobody", email="nobody@example.com"),
            trusted=parse_trusted(world.keys.read_text()),
        )
        known = {"tip": opened.resolve("main"), "evidence": opened.resolve(EVIDENCE), **scope}
        return verify(opened, ownership, Scope(**known))  # type: ignore[arg-type] # by its names
    finally:
        opened.close()


def test_what_the_controller_wrote_verifies(world: World, clone: pathlib.Path) -> None:
    found = check(world, clone)

    assert found.findings == []
    assert (found.rollouts, found.commits, found.verdicts) == (2, 11, 11)
