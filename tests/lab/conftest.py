"""One world for all tests of the lab; it is expensive and they only look at differences."""

from collections.abc import Iterator

import pytest

from gitops_canary.lab.service import Behaviour
from gitops_canary.lab.world import World

REGISTRY = {
    "1.0.0": Behaviour(),
    "1.1.0": Behaviour(),
    "1.2.0": Behaviour(fail_every=25),
    "2.0.0": Behaviour(crash_after_ms=1500),
}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(tmp_path_factory.mktemp("lab") / "world", REGISTRY) as found:
        found.measuring()
        yield found
