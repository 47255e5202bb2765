"""Running seeds: one whole, or many with their figures."""

import logging
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_canary.git.signing import SigningKey

from .deeds import DEEDS_AT_ONCE
from .families import FAMILIES
from .faults import FAULTS, Weather
from .habits import settle_in
from .mixing import mix
from .people import DEEDS, People
from .pieces import Figures, Setting
from .rare import rarely
from .reviewers import ACTS, Reviewers, scaled
from .rotating import rotate
from .simulation import Simulation
from .tightening import change_limits
from .watching import Broken


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that broke a promise."""

    seed: int
    why: str
    story: tuple[str, ...]
    family: str = ""

    def __str__(self) -> str:
        lines = "\n".join(self.story)
        return (
            f"seed {self.seed} at commit {commit()}: {self.why}\n{lines}\n"
            f"alone: python -m tests.sim {self.seed}{self.family and ' --family '}{self.family}"
        )


def world(
    seed: int, setting: Setting | None = None, key: SigningKey | None = None, family: str = ""
) -> Simulation:
    """Make a seed's world with its weather and its people."""
    made = Simulation(seed, setting, key, **FAMILIES[family](seed))
    if family == "mixed":
        mix(made)
    weather, rare = Weather(made, FAULTS), rarely(made)
    people = People(made, {**DEEDS, **DEEDS_AT_ONCE})
    settle_in(people)
    change_limits(people)
    if family == "rotated":
        rotate(made)
    made.board.begin()
    made.ends += [weather.end, *([rare.end] if rare else []), people.home]
    if made.requested:
        made.ends.append(Reviewers(made.requested, ACTS).home)
        scaled(made.requested)
    return made


def run(seed: int, key: SigningKey | None = None, family: str = "") -> Figures | Failure:
    """Run one seed to its end, or to the first broken promise."""
    made = world(seed, key=key, family=family)
    try:
        return made.run()
    except Broken as broken:
        return Failure(seed, str(broken), tuple(made.story), family)
    except Exception as error:  # noqa: BLE001 - whatever a tick raises is a broken promise too
        why = f"a tick raised {type(error).__name__}: {error}"
        return Failure(seed, why, tuple(made.story), family)
    finally:
        made.loop.end()


def run_all(
    seeds: Iterable[int], key: SigningKey | None = None, family: str = ""
) -> Figures | Failure:
    """Run seeds until one fails; the sum of their figures."""
    total = Figures()
    with quiet():
        for seed in seeds:
            outcome = run(seed, key, family)
            if isinstance(outcome, Failure):
                return outcome
            total.add(outcome)
    return total


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of what troubled worlds make the controller log; as before at the end."""
    log = logging.getLogger("gitops_canary")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def commit() -> str:
    """Name the commit of the code under test."""
    here = Path(__file__).parent
    argv = ["git", "-C", str(here), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
