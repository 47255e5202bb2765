"""The Git in memory says and does what real git says and does."""

import os
import pathlib
from random import Random

import pytest

from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin

from .git_pair import pair

LISTS = int(os.environ.get("CONFORMANCE_LISTS", "5"))
"""Lists of operations in a run; 2000 of them take about half an hour."""
STEPS = 40


@pytest.mark.timeout(1_000_000 if LISTS > 50 else 120)
@pytest.mark.parametrize("seed", range(LISTS))
def test_memory_and_git_agree_on_any_operations(seed: int, tmp_path: pathlib.Path) -> None:
    rng = Random(seed)  # noqa: S311 - for lists of operations, not for secrets
    file = tmp_path / "key"
    key = generate_key(file)
    with Origin.start(tmp_path, {"bot": "x"}) as origin:
        both = pair(rng, origin, file, key)
        try:
            both.commit()
            for _ in range(STEPS):
                both.step()
        finally:
            for _, real in both.clones:
                real.close()
