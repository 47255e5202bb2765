"""The record that a simulated world leaves behind, verified as a stranger would.

PYTHONPATH=tests python -m tests.sim.proving 5000 --seeds 1000
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from memory_clone import MemoryClone

from gitops_canary.app.verifying import Scope, Verified, verify
from gitops_canary.git.ownership import Ownership, TrustedKey
from gitops_canary.git.signing import SigningKey, generate_key

from .deeds import DEEDS_AT_ONCE
from .faults import FAULTS, Weather
from .people import DEEDS, People
from .remote import CONFIG, EVIDENCE, ME
from .seeds import quiet
from .simulation import Simulation

TOUCHING = frozenset(
    {
        "the branch is deleted",
        "the branch is forced back",
        "the branch is squashed",
        "the evidence branch grows",
        "the evidence branch is lost",
    }
)
"""Faults that change what was recorded, as only somebody with all permissions may."""
FORGING = frozenset({"forge"})


@dataclass(frozen=True, slots=True)
class Proven:
    """A world, and what verification says about its record."""

    world: Simulation
    found: Verified


def prove(seed: int, key: SigningKey | None = None) -> Proven:
    """Run a world in which nobody alters the record, and verify what it leaves."""
    made = Simulation(seed, key=key)
    weather = Weather(made, {n: f for n, f in FAULTS.items() if n not in TOUCHING})
    people = People(made, {n: d for n, d in {**DEEDS, **DEEDS_AT_ONCE}.items() if n not in FORGING})
    made.board.begin()
    made.ends += [weather.end, people.home]
    made.run()
    return Proven(made, verified(made))


def verified(world: Simulation) -> Verified:
    """Verify both branches of a world as they are now."""
    remote, key = world.remote, world.setting.key
    clone = MemoryClone(
        {name: (one.kind, one.body) for name, one in remote.objects.items()},
        {f"refs/heads/{branch}": tip for branch, tip in remote.refs.items()},
    )
    ownership = Ownership(ME, (TrustedKey(public=key.public),) if key else ())
    scope = Scope(
        tip=remote.refs[CONFIG],
        evidence=remote.refs.get(EVIDENCE),
        paths=("apps/",),
        sealed=world.setting.delivery is not None,
    )
    return verify(clone, ownership, scope)


def main() -> int:
    """Prove many seeds, some with a key; 1 at the first whose record does not verify."""
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("--seeds", type=int, default=100)
    asked = parser.parse_args()
    with quiet():
        return proven(range(asked.first, asked.first + asked.seeds))


def proven(seeds: range) -> int:
    """Prove seeds, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        key = generate_key(Path(folder) / "key")
    moves = 0
    for seed in seeds:
        found = prove(seed, key).found
        moves += found.commits
        if found.differences:
            print(f"seed {seed}: {found.differences[0].problem}")
            return 1
    print(f"{len(seeds)} runs with {moves} moves verify")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
