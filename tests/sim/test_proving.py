"""For every simulated run verification passes; where somebody altered the record, it says so."""

from pathlib import Path

from gitops_canary.git.signing import generate_key

from .proving import prove, verified
from .seeds import world

SEEDS = range(60)
"""`python -m tests.sim.proving` runs as many as asked."""


def test_every_run_leaves_a_record_that_verifies(tmp_path: Path) -> None:
    key = generate_key(tmp_path / "key")
    moves = signed = lost = 0
    for seed in SEEDS:
        proven = prove(seed, key)
        assert proven.found.differences == [], f"seed {seed}"
        moves += proven.found.commits
        lost += sum("never reached" in one.problem for one in proven.found.findings)
        signed += proven.world.setting.key is not None
    assert moves > len(SEEDS)
    assert signed > 0
    assert lost > 0, "no push was overtaken where branches move one at a time"


def test_a_branch_that_was_forced_back_shows() -> None:
    made = world(41)
    made.run()

    problems = [one.problem for one in verified(made).differences]

    assert any("which was written before" in problem for problem in problems)
