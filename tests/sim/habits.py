"""What some worlds have all the time that others have not, and nobody decides anew."""

from .manifests import Shape
from .people import Deed, People, automate
from .pieces import mark
from .remote import CONFIG

AUTOMATED, EVERY_MS = 0.1, 60_000
"""In which share of the worlds image automation looks on, and how often."""
CLUMSY, MENDED_MS = 0.1, 25_000
"""In which share of the others a Canary is broken now and then, and how soon that is mended."""


FRUGAL, PUSHES = 0.1, 2
"""In which share of the worlds controllers may push that often a minute only."""


def settle_in(people: People) -> None:
    """Begin what a world's habits are, until the chaos ends."""
    seed = people.world.seed
    if mark(seed, "frugal") < FRUGAL:
        for controller in people.world.controllers.values():
            controller.pushes = PUSHES
    if mark(seed, "automation") < AUTOMATED:
        _again(people, automate)
    elif mark(seed, "clumsy") < CLUMSY:
        _again(people, _break_and_mend)


def _again(people: People, habit: Deed) -> None:
    world = people.world

    def act() -> None:
        if world.calm:
            return
        if CONFIG in world.remote.refs:
            for shape in world.shapes.values():
                habit(people, shape)
        world.later(EVERY_MS, act)

    world.later(EVERY_MS, act)


def _break_and_mend(people: People, shape: Shape) -> None:
    """Break the Canary while it takes traffic; whoever did sees it soon."""
    world = people.world
    now = world.facts(world.remote.refs[CONFIG], shape)
    text = people.read(shape.canary_path)
    if text is None or now is None or not now.weight:
        return
    people.break_file(shape.canary_path, text)
    world.later(MENDED_MS, lambda: None if world.calm else people.mend())
