"""Any byte of a commit of ours, or of a file on the evidence branch, changed: verification fails.

    PYTHONPATH=tests python tests/integration/every_byte.py --step 8 --offset 3    every 8th byte

Every such byte is under a signature or a digest, or is rebuilt from what is. Whoever changes a file
of the evidence is given the controller's key, so that only digests and rebuilding can tell.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory_clone import MemoryClone, Objects
from recorded_world import EVIDENCE, two_rollouts

from gitops_canary.app.verifying import Scope, verify
from gitops_canary.errors import CanaryError
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import (
    Identity,
    Kind,
    ObjectId,
    add_signature,
    object_id,
    parse_commit,
)
from gitops_canary.git.ownership import Ownership, TrustedKey
from gitops_canary.git.signing import SigningKey, load_key
from gitops_canary.model.names import Path as GitPath
from gitops_canary.model.names import Revision

NOBODY = Identity(name="nobody", email="nobody@example.com")


@dataclass(frozen=True)
class Target:
    """Something whose every byte counts: a commit, or a file at the evidence branch's tip."""

    branch: str
    name: str
    back: int | None
    """How far behind the tip a commit is; None for a file."""
    data: bytes


class Original:
    """A recorded repository in memory, and altered copies of it."""

    def __init__(self, repository: Path, key: SigningKey) -> None:
        self.key = key
        self.objects = dict(_all(repository))
        self.tips = {
            branch: Revision(_git(repository, "rev-parse", branch).decode().strip())
            for branch in ("main", EVIDENCE)
        }
        self.chains = {branch: list(self._chain(tip)) for branch, tip in self.tips.items()}
        self.targets = [*self._commits(), *self._files()]

    def verifies(self, tips: Mapping[str, Revision], more: Objects) -> bool:
        """Tell whether nothing is found wrong."""
        known = {**self.objects, **more}
        clone = MemoryClone(known, {f"refs/heads/{branch}": tip for branch, tip in tips.items()})
        ownership = Ownership(NOBODY, (TrustedKey(public=self.key.public),))
        scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE))
        try:
            return not verify(clone, ownership, scope).differences
        except CanaryError:
            return False

    def survives(self, target: Target, at: int, mask: int) -> bool:
        """Change one byte, and tell whether verification takes the result for the record."""
        changed = bytearray(target.data)
        changed[at] ^= mask
        made: dict[ObjectId, tuple[Kind, bytes]] = {}

        def put(body: bytes) -> ObjectId:
            name = object_id(Kind.COMMIT, body)
            made[name] = Kind.COMMIT, body
            return name

        if target.back is None:
            draft = Draft(lambda name: self.objects[name][1])
            old = self.chains[target.branch][0]
            raw = parse_commit(self.objects[old][1])
            tree = draft.edit(raw.tree, {GitPath(target.name): bytes(changed)})
            made |= {name: (one.kind, one.body) for name, one in draft.made.items()}
            plain = raw.payload.replace(raw.tree.encode(), tree.encode())
            tip = put(add_signature(plain, self.key.sign(plain)))
        else:
            chain = self.chains[target.branch]
            old, tip = chain[target.back], put(bytes(changed))
            for child in reversed(chain[: target.back]):
                body = self.objects[child][1].replace(
                    f"parent {old}".encode(), f"parent {tip}".encode()
                )
                old, tip = child, put(body)
        return self.verifies({**self.tips, target.branch: Revision(tip)}, made)

    def _chain(self, tip: str) -> Iterator[ObjectId]:
        name: ObjectId | None = ObjectId(tip)
        while name:
            yield name
            parents = parse_commit(self.objects[name][1]).parents
            name = parents[0] if parents else None

    def _commits(self) -> Iterator[Target]:
        for branch, chain in self.chains.items():
            for back, name in enumerate(chain):
                body = self.objects[name][1]
                if b"committer gitops-canary <" in body:
                    yield Target(branch, name, back, body)

    def _files(self) -> Iterator[Target]:
        clone = MemoryClone(self.objects, {f"refs/heads/{EVIDENCE}": self.tips[EVIDENCE]})
        for path, blob in clone.files(self.tips[EVIDENCE]).items():
            yield Target(EVIDENCE, path, None, self.objects[ObjectId(blob.id)][1])


def _git(repository: Path, *argv: str) -> bytes:
    return subprocess.run(["git", *argv], cwd=repository, check=True, capture_output=True).stdout


def _all(repository: Path) -> Iterator[tuple[ObjectId, tuple[Kind, bytes]]]:
    told = _git(repository, "cat-file", "--batch-all-objects", "--batch")
    while told:
        head, _, rest = told.partition(b"\n")
        name, kind, size = head.split()
        yield ObjectId(name.decode()), (Kind(kind), rest[: int(size)])
        told = rest[int(size) + 1 :]


def main(argv: Sequence[str] | None = None) -> int:
    """Change bytes one at a time; 1 where verification did not see one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        world = two_rollouts(Path(folder))
        world.close()
        original = Original(world.origin, load_key(Path(folder) / "key"))
    assert original.verifies(original.tips, {})
    count, survivors = 0, []
    for target in original.targets:
        places = range(asked.offset % asked.step, len(target.data), asked.step)
        unseen = [at for at in places if original.survives(target, at, 1 << at % 8)]
        survivors += [(target.branch, target.name, at) for at in unseen]
        count += len(places)
        # As it goes, so that a run that is cut off has told what it did.
        done = f"{len(places)} of {len(target.data)} bytes changed, {len(unseen)} not seen"
        print(f"{target.branch} {target.name}: {done}", flush=True)
    print(f"{count} bytes changed, {len(survivors)} not seen: {survivors[:10]}")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
