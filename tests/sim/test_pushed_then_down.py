"""A look that pushes, and then loses the server: what it pushed is told all the same."""

from collections.abc import Mapping, Sequence

from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made
from gitops_canary.model.rollout import Action

from .manifests import with_tag
from .pieces import Setting
from .remote import CONFIG
from .simulation import Simulation
from .test_found import actions, down, until


def test_what_was_pushed_before_the_server_went_away_is_told() -> None:
    world = Simulation(11, Setting(canaries=2, poll_ms=10_000), shared=True, idles=False)
    files = world.files(world.remote.refs[CONFIG])
    paths = {shape.workload_path: shape.name for shape in world.shapes.values()}
    bumped = {path: with_tag(files[path], name, "v1") for path, name in paths.items()}
    world.commit(bumped, "Bump both\n")
    reach = world.reach

    def refuses(_updates: Sequence[Update], made: Mapping[ObjectId, Made]) -> str:
        """Take one weight at a time."""
        weights = sum(b"Canary-Action: advance" in one.body for one in made.values())
        return "one at a time" if weights > 1 else ""

    def away(name: str, what: str) -> None:
        """Answer until the first weight has landed: the second canary's comes after it."""
        (down if "advance" in actions(world) else reach)(name, what)

    world.remote.refuses = refuses
    world.reach = away  # type: ignore[method-assign]  # the server's front door
    until(world, lambda: any(one.error for one in world.reports.values()))
    (report,) = world.reports.values()
    (plan,) = report.pushed
    assert plan.act.action is Action.ADVANCE
    assert report.seen[plan.act.canary].spec.id == plan.act.canary
