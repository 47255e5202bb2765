"""The forge in memory says and does what the stand-in for GitHub says and does, over HTTP."""

import os
import pathlib
from random import Random

import pytest
from forge_pair import ForgePair
from forge_server import TOKEN

from gitops_canary.lab.origin import Origin

LISTS = int(os.environ.get("CONFORMANCE_LISTS", "2"))
STEPS = 60


@pytest.mark.timeout(1_000_000 if LISTS > 50 else 120)
@pytest.mark.parametrize("seed", range(LISTS))
def test_memory_and_stand_in_agree_on_any_operations(seed: int, tmp_path: pathlib.Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with Origin.start(tmp_path, {"bot": "x"}) as origin:
        both = ForgePair(Random(seed), origin, token)  # noqa: S311 - for lists of operations
        with both.server:
            for _ in range(STEPS):
                both.step()
        assert both.server.violations == []
