"""Whatever merges a history has, it is listed as `git rev-list` lists it."""

from random import Random

import pytest
from git_plans import FILES, OpenRepository

from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision


def grow(origin: Origin, rng: Random, count: int) -> None:
    """Commit so many, each on top of one to three of the last ones, some on nothing."""
    commits = ""
    for number in range(1, count + 1):
        behind = range(max(1, number - 9), number)
        parents = rng.sample(behind, k=min(len(behind), rng.choice((1, 1, 1, 2, 2, 3))))
        kinds = ["from", *["merge"] * 2] if number % 17 else []
        lines = [f"{kind} :{parent}" for kind, parent in zip(kinds, parents, strict=False)]
        stamp = f"A <a@example.com> {1_700_000_000 + rng.randint(0, 9)} +0000"
        commits += f"commit refs/heads/main\nmark :{number}\ncommitter {stamp}\ndata 1\nx\n"
        commits += "".join(f"{line}\n" for line in lines) or "from " + "0" * 40 + "\n"
        commits += f"M 100644 inline f\ndata {len(str(number))}\n{number}\n\n"
    rest = (
        f"commit refs/heads/main\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\nfrom :{count}\n"
    )
    merged = "".join(f"merge :{number}\n" for number in range(count - 8, count))
    origin.git("fast-import", "--quiet", "--force", stdin=f"{commits}{rest}{merged}\n".encode())


@pytest.mark.parametrize("seed", range(4))
def test_a_history_with_merges_is_listed_as_git_lists_it(
    origin: Origin, open_repository: OpenRepository, seed: int
) -> None:
    origin.commit(FILES, "Begin\n")
    grow(origin, Random(seed), 60)  # noqa: S311 - for a history, not for secrets
    repository = open_repository()
    tip, _ = repository.fetch()
    every = origin.git("rev-list", "--topo-order", "main").split()
    assert [one.revision for one in repository.history(tip)] == every
    assert len(every) > 40
    before = repository._runner.started
    assert [one.revision for one in repository.history(tip)] == every
    for name in every[1::2]:
        found = [one.revision for one in repository.history(Revision(name))]
        assert found == origin.git("rev-list", "--topo-order", name).split()
    assert repository._runner.started == before
    for since in every[1::3]:
        found = [one.revision for one in repository.history(tip, since=Revision(since))]
        assert found == origin.git("rev-list", "--topo-order", "main", f"^{since}").split()
    assert repository._runner.started == before
