"""What somebody who knows nothing of us does to a repository, each as the smallest world."""

import pytest

from gitops_canary.manifest import quarantine
from gitops_canary.model.decision import Hold

from .cluster import Quality
from .remote import CONFIG, EVIDENCE
from .simulation import ADA
from .test_found import SECOND, actions, bump, quiet, until, weight


def test_an_evidence_branch_that_was_mended_is_seen_although_the_config_branch_stays() -> None:
    """A file where a folder has to be ended every look, aborts too, and its end went unseen."""
    world, shape = quiet()
    garbage: dict[str, bytes | None] = {"prod": b"a file"}
    world.remote.commit(garbage, "Begin\n", who=ADA, date_s=1, branch=EVIDENCE, parents=[])
    bump(world, shape, "v1")
    end_ms = world.now_ms + 60 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    hold = world.reports["controller-0"].decisions[shape.id]  # type: ignore[index]  # a CanaryId
    assert isinstance(hold, Hold)
    assert "prod cannot be written" in hold.reason
    world.remote.point(EVIDENCE, None)
    until(world, lambda: "finish" in actions(world))


def test_a_quarantine_that_cannot_be_read_starts_nothing_and_holds_no_abort_up() -> None:
    """One line of a merge conflict stopped every canary of the repository, and all their aborts."""
    world, shape = quiet()
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: "advance" in actions(world))
    world.commit({quarantine.FILE: b"<<<<<<< ours\n"}, "Merge\n")
    until(world, lambda: "abort" in actions(world))
    bump(world, shape, "v2")
    end_ms = world.now_ms + 120 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert actions(world).count("start") == 1
    text = world.files(world.remote.refs[CONFIG])[quarantine.FILE]
    world.commit({quarantine.FILE: text.removeprefix(b"<<<<<<< ours\n")}, "Mend\n")
    until(world, lambda: "finish" in actions(world))


def test_a_second_canary_for_the_same_route_holds_no_abort_up() -> None:
    """Both were held, and the bad version kept its weight."""
    world, shape = quiet()
    bump(world, shape, "v1", Quality(errors=0.4))
    until(world, lambda: weight(world, shape) > 0)
    text = world.files(world.remote.refs[CONFIG])[shape.canary_path]
    other = text.replace(b"metadata: {name: web,", b"metadata: {name: other,")
    world.commit({"apps/other.yaml": other}, "Add a Canary\n")
    until(world, lambda: "abort" in actions(world))
    hold = world.reports["controller-0"].decisions["prod/other"]  # type: ignore[index]  # a CanaryId
    assert isinstance(hold, Hold)
    assert "is owned by prod/other, prod/web" in hold.reason


def test_a_canary_that_is_renamed_under_way_gives_its_traffic_back() -> None:
    """The old name and the new one claimed the same route, and neither moved."""
    world, shape = quiet()
    bump(world, shape, "v1")
    until(world, lambda: weight(world, shape) > 0)
    text = world.files(world.remote.refs[CONFIG])[shape.canary_path]
    renamed = text.replace(b"metadata: {name: web,", b"metadata: {name: shop,")
    world.commit({shape.canary_path: renamed}, "Rename the Canary\n")
    until(world, lambda: weight(world, shape) == 0, 60)
    assert actions(world)[-1] == "retreat"


@pytest.mark.parametrize("minutes", [1, 30])
def test_pods_that_broke_while_a_pause_held_take_no_traffic(minutes: int) -> None:
    """They had been ready once, and took the first weight as soon as the pause was over."""
    world, shape = quiet(deadline_s=180)
    bump(world, shape, "v1")
    until(world, lambda: "start" in actions(world))
    world.commit({shape.canary_path: shape.canary(paused="true").encode()}, "Pause\n")
    until(world, lambda: world.cluster.apps[shape.name].canary.serving == "v1")
    end_ms = world.now_ms + 60 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    world.qualities[shape.name, "v1"] = Quality(crashes=True)
    world.cluster.apps[shape.name].canary.serving = None
    end_ms = world.now_ms + minutes * 60 * SECOND
    until(world, lambda: world.now_ms > end_ms, 3600)
    world.commit({shape.canary_path: shape.canary().encode()}, "Go on\n")
    end_ms = world.now_ms + 300 * SECOND
    until(world, lambda: world.now_ms > end_ms)
    assert actions(world) == ["start"]
    world.qualities[shape.name, "v1"] = Quality()
    until(world, lambda: "finish" in actions(world))
