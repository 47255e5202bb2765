"""What people do in one commit, or in two at once, that touches more than one thing."""

from collections.abc import Mapping

from .manifests import QUARANTINE, Shape, with_tag
from .people import Deed, People
from .pieces import mark
from .remote import CONFIG
from .routes import with_weight
from .simulation import ADA

REVERTED = 0.4
"""How often one of several canaries that were bumped at once is taken back alone."""


def _bump_all(people: People, shape: Shape) -> None:
    """One commit with the same new tag for every canary: a platform team's base image.

    Now and then one of them is reverted before anybody has looked.
    """
    world, tag = people.world, people.version()
    files: dict[str, bytes | None] = {}
    for one in people.world.shapes.values():
        text = people.read(one.workload_path)
        if text is not None:
            people.draw(one, tag)
            files[one.workload_path] = with_tag(text, one.name, tag)
    before = people.read(shape.workload_path)
    people.write(files, f"Bump all to {tag}")
    if before and mark(world.seed, world.now_ms, "reverted") < REVERTED:
        people.write({shape.workload_path: before}, f"Revert {tag} of {shape.name}")


def _there_and_back(people: People, shape: Shape) -> None:
    """A tag is moved on and at once back again: v2, v3, v2."""
    text = people.read(shape.workload_path)
    if text is not None:
        tag = people.version()
        people.draw(shape, tag)
        people.write({shape.workload_path: with_tag(text, shape.name, tag)}, f"Try {tag}")
        people.write({shape.workload_path: text}, f'Revert "Try {tag}"')


def _twice(people: People, shape: Shape) -> None:
    """Two versions in two commits, before anybody has looked."""
    people.bump(shape)
    people.bump(shape)


def _merged(people: People, shape: Shape) -> None:
    """A pull request with two commits of its own, merged as forges do: a second parent."""
    text, world = people.read(shape.workload_path), people.world
    if text is None:
        return
    tip = world.remote.refs[CONFIG]
    tags = [people.version(), people.version()]
    side = tip
    for tag in tags:
        people.draw(shape, tag)
        bumped = {shape.workload_path: with_tag(text, shape.name, tag)}
        date_s = world.now_ms // 1000
        side = world.remote.make(bumped, f"Bump to {tag}\n", who=ADA, date_s=date_s, parents=[side])
    merged = {shape.workload_path: with_tag(text, shape.name, tags[1])}
    world.commit(merged, f"Merge pull request for {tags[1]}\n", parents=[tip, side])


def _both(people: People, shape: Shape) -> None:
    """A new version and a weight for it in one commit."""
    workload, route = people.read(shape.workload_path), people.read(shape.route_path)
    if workload is not None and route is not None:
        tag = people.version()
        people.draw(shape, tag)
        weight = people.world.rng.choice((0, 10, 100))
        files: dict[str, bytes | None] = {
            shape.workload_path: with_tag(workload, shape.name, tag),
            shape.route_path: with_weight(route, shape.name, weight),
        }
        people.write(files, f"{tag} at {weight} %")


def _promote_by_hand(people: People, shape: Shape) -> None:
    """Give the primary the candidate's version, and all traffic back, in one commit."""
    workload, route = people.read(shape.workload_path), people.read(shape.route_path)
    now = people.world.facts(people.world.remote.refs[CONFIG], shape)
    if workload is not None and route is not None and now is not None:
        files: dict[str, bytes | None] = {
            shape.workload_path: with_tag(workload, f"{shape.name}-primary", now.candidate),
            shape.route_path: with_weight(route, shape.name, 0),
        }
        people.write(files, "Promote it by hand")


def _garble(people: People, shape: Shape) -> None:
    """Write into the quarantine what no machine wrote; mended in the end."""
    del shape
    people.break_file(QUARANTINE, people.read(QUARANTINE) or b"")


DEEDS_AT_ONCE: Mapping[str, Deed] = {
    "bump all": _bump_all,
    "there and back": _there_and_back,
    "bump twice": _twice,
    "merge a pull request": _merged,
    "bump and weigh": _both,
    "promote by hand": _promote_by_hand,
    "garble the quarantine": _garble,
}
