"""Records of earlier versions still verify: a rule that changed is recognised by its record.

`before-decision-18.bundle` has a promoted and a condemned rollout, judged by `sequential` as it was
when the first scrape at a weight was left out and the dwell began after it.
"""

import pathlib
import subprocess

from gitops_canary.app.verifying import Scope, verify
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, parse_trusted
from gitops_canary.git.plain import PlainClone

DATA = pathlib.Path(__file__).parents[1] / "data"


def test_records_of_the_earlier_pace_verify(tmp_path: pathlib.Path) -> None:
    name = DATA / "before-decision-18"
    repository = tmp_path / "old.git"
    clone = ["git", "clone", "-q", "--mirror", f"{name}.bundle", str(repository)]
    subprocess.run(clone, check=True)
    opened = PlainClone(repository)
    try:
        ownership = Ownership(
            identity=Identity(name="nobody", email="nobody@example.com"),
            trusted=parse_trusted(pathlib.Path(f"{name}.signers").read_text()),
        )
        evidence = opened.refs["refs/heads/gitops-canary/evidence"]
        found = verify(opened, ownership, Scope(tip=opened.resolve("main"), evidence=evidence))
    finally:
        opened.close()

    # Pages are worded by the version that writes them; everything else says the same as then.
    assert [one.problem for one in found.differences] == []
    problems = {one.problem for one in found.findings}
    assert all("worded by another version" in one for one in problems), problems
    assert (found.rollouts, found.commits) == (2, 8)
