"""The clone stays small, and nobody waits for it."""

import pathlib
import subprocess

from git_plans import EVIDENCE, OpenRepository, plan, push_one

from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


def test_packs_and_loose_objects_are_joined_beside_everything_else(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone", packs_max=3)
    objects = tmp_path / "clone" / "repo.git" / "objects"
    made, rounds = [seeded], 14
    packs = []
    for number in range(rounds):
        origin.commit({"people": f"{number}\n".encode()}, "By hand\n")
        change, proof = plan({"README": b"%d" % number}), plan({"p": b"%d" % number})
        made.append(push_one(repository, change, proof))
        assert repository.read([repository.files(made[-1])[Path("README")].id])
        packs.append(sum(1 for _ in objects.glob("pack/*.pack")))
    assert packs[-1] < rounds, packs  # each fetch left one
    assert len(list(repository.history(made[-1]))) == 2 * rounds + 1
    assert all(repository.commit(one) for one in made)
    assert repository.fetch() == (made[-1], origin.tip(EVIDENCE))
    git_dir = f"--git-dir={tmp_path / 'clone' / 'repo.git'}"
    settings = ["-c", "remote.origin.promisor=true"]
    subprocess.run(["git", git_dir, *settings, "fsck", "--strict"], check=True)


def test_few_objects_are_files_and_many_are_a_pack(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    packs = tmp_path / "clone" / "repo.git" / "objects" / "pack"
    before = set(packs.glob("*.pack"))
    one = push_one(repository, plan({"README": b"1"}))
    assert set(packs.glob("*.pack")) == before
    repository.push(
        onto=one, evidence_onto=None, evidence=[],
        commits=[plan({"README": b"%d" % n}, message=f"{n}\n") for n in range(20)],
    )  # fmt: skip
    assert len(set(packs.glob("*.pack")) - before) == 1
    assert origin.git("rev-list", "--count", f"{seeded}..main") == "21"
    assert origin.git("fsck", "--strict", "--no-dangling") == ""
