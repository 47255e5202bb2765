"""A clone whose own disk has no room: told as that, and not as trouble of the Git server."""

import resource

import pytest
from git_plans import OpenRepository

from gitops_canary.errors import Unavailable
from gitops_canary.git import rejection
from gitops_canary.git.process import Finished
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision


def test_a_disk_that_takes_no_more_is_told_as_ours(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    tip = origin.commit({"n": b"1" * 5000}, "Meanwhile\n", parents=[seeded])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(Unavailable) as told:
            repository.fetch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "disk" in told.value.remedy, told.value
    assert repository.fetch() == (tip, None)


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("error: cannot update ref 'refs/remotes/origin/main': couldn't write '/c/x.lock'", True),
        ("fatal: write error: No space left on device\nfatal: fetch-pack: invalid", True),
        ("error: index-pack died of signal 25\nfatal: index-pack failed", True),
        ("remote: fatal: write error: No space left on device\nfatal: early EOF", False),
        ("fatal: early EOF", False),
    ],
)
def test_whose_disk_it_is_is_told_apart(said: str, *, ours: bool) -> None:
    """Words of git 2.39, the first with a disk that was full."""
    error = rejection.explain("fetch", Finished(code=128, out=b"", err=said))
    assert ("this machine's disk" in error.remedy) is ours
