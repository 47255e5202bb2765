"""For every simulated run verification passes; where somebody altered the record, it says so."""

from pathlib import Path

from gitops_canary.git.signing import generate_key

from .manifests import with_tag
from .proving import prove, verified
from .remote import CONFIG
from .seeds import world
from .test_found import actions, quiet, until

SEEDS = range(60)
"""`python -m tests.sim.proving` runs as many as asked."""


def test_every_run_leaves_a_record_that_verifies(tmp_path: Path) -> None:
    key = generate_key(tmp_path / "key")
    moves = signed = lost = 0
    for seed in SEEDS:
        proven = prove(seed, key)
        assert proven.found.differences == [], f"seed {seed}"
        # A push may be overtaken where branches move one at a time; a request may wait.
        waits = not proven.world.remote.atomic or proven.world.setting.delivery is not None
        assert waits or proven.found.findings == [], f"seed {seed}"
        moves += proven.found.commits
        if proven.world.setting.delivery is None:
            lost += sum("never reached" in one.problem for one in proven.found.findings)
        signed += proven.world.setting.key is not None
    assert moves > len(SEEDS)
    assert signed > 0
    assert lost > 0, "no push was overtaken where branches move one at a time"


def test_what_people_with_all_permissions_do_shows() -> None:
    told = set()
    for seed in SEEDS:
        made = world(seed)
        made.run()
        told |= {one.problem.split(":")[0][:40] for one in verified(made).differences}

    for words in ("This commit on the evidence branch", "It carries a record of the controller"):
        assert any(one.startswith(words) for one in told), told


def test_a_version_whose_commit_was_dated_ahead_is_no_difference() -> None:
    made, shape = quiet()
    text = with_tag(made.files(made.remote.refs[CONFIG])[shape.workload_path], shape.name, "v1")
    date_s = made.now_ms // 1000 + 3600
    made.commit({shape.workload_path: text}, "Bump to v1\n", date_s=date_s)
    until(made, lambda: "finish" in actions(made))

    assert verified(made).differences == []
