"""Limits that people tighten and loosen while versions take traffic: those at the start count."""

from .cluster import Quality
from .families import LOOSE
from .manifests import LEAST, Shape
from .people import People
from .pieces import mark
from .pinned import MEDIOCRE
from .remote import CONFIG

SHARE, OFTEN, EVERY_MS = 0.6, 0.3, 20_000
"""How many of the versions that are well are mediocre, and how often a limit is changed."""


def change_limits(people: People) -> None:
    """Begin to change limits where the usual one is not asked for, until the chaos ends."""
    world = people.world

    def act() -> None:
        if world.calm:
            return
        world.later(EVERY_MS, act)
        if CONFIG in world.remote.refs:
            for shape in world.shapes.values():
                _some_mediocre(people, shape)
                if mark(world.seed, world.now_ms, shape.name, "limit") < OFTEN:
                    _change(people, shape)

    if any(shape.least < LEAST for shape in world.shapes.values()):
        world.later(EVERY_MS, act)


def _some_mediocre(people: People, shape: Shape) -> None:
    """Let some of the versions that are well be such as the loose limit lets pass."""
    for (name, tag), quality in people.world.qualities.items():
        drawn = mark(people.world.seed, name, tag, "mediocre")
        if name == shape.name and quality == Quality() and drawn < SHARE:
            people.world.qualities[name, tag] = MEDIOCRE


def _change(people: People, shape: Shape) -> None:
    """Tighten a limit that is loose, and loosen one that is not."""
    loose, tight = (f"{{min: {least}}}".encode() for least in (LOOSE, LEAST))
    text = people.read(shape.canary_path)
    if text and loose in text:
        people.write({shape.canary_path: text.replace(loose, tight)}, "Tighten a limit")
    elif text:
        people.write({shape.canary_path: text.replace(tight, loose)}, "Loosen a limit")
